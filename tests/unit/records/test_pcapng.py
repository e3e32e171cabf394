"""Read pcapng made here byte by byte."""

from __future__ import annotations

import struct

import pytest

from orchestrator.errors import LabError
from orchestrator.records.pcapng import (
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS,
    SIMPLE_PACKET,
    Block,
    Direction,
    is_truncated,
    read_blocks,
    read_packets,
)
from tests.unit.capture.texts import interface, option, packet, section

TIME_NS = 1_700_000_000_123_456_789
CAPTURE = (
    section()
    + interface("home:eth0")
    + interface("home:wan")
    + packet(0, TIME_NS, b"first", flags=1 | 3 << 2)
    + packet(1, TIME_NS + 1, b"second", flags=2)
    + Block(INTERFACE_STATISTICS, bytes(12)).encode()
    + packet(1, TIME_NS + 2, b"")
)


def test_packets_carry_number_interface_time_direction_and_lengths() -> None:
    first, second, third = read_packets(CAPTURE)
    assert (first.number, first.interface, first.time_ns) == (1, "home:eth0", TIME_NS)
    assert (first.direction, first.data, first.original_length) == (
        Direction.INBOUND,
        b"first",
        1500,
    )
    assert (second.number, second.interface) == (2, "home:wan")
    assert (second.direction, second.data) == (Direction.OUTBOUND, b"second")
    assert (third.number, third.direction, third.data) == (3, Direction.UNKNOWN, b"")


def test_each_section_has_its_own_byte_order_and_interfaces() -> None:
    other = section(">") + interface("b:eth0", order=">") + packet(0, 7, b"x", 1, order=">")
    *_, last = read_packets(CAPTURE + other)
    assert (last.number, last.interface, last.time_ns) == (4, "b:eth0", 7)
    assert last.direction is Direction.INBOUND


@pytest.mark.parametrize(
    ("resolution", "ticks", "time_ns"),
    [
        (b"", 5, 5000),  # microseconds unless said otherwise
        (b"\x00", 5, 5_000_000_000),
        (b"\x0c", 5000, 5),
        (b"\x81", 3, 1_500_000_000),  # halves of a second
    ],
)
def test_time_follows_the_interface_resolution(resolution: bytes, ticks: int, time_ns: int) -> None:
    [read] = read_packets(section() + interface("a:eth0", resolution) + packet(0, ticks, b""))
    assert read.time_ns == time_ns


def test_time_offset_is_added() -> None:
    body = struct.pack("<HHI", 1, 0, 0) + option(14, struct.pack("<q", 3)) + bytes(4)
    described = Block(INTERFACE_DESCRIPTION, body).encode()
    [read] = read_packets(section() + described + packet(0, 1, b""))
    assert read.time_ns == 3_000_001_000


def test_a_cut_capture_reads_up_to_its_last_whole_block_wherever_it_is_cut() -> None:
    whole = section() + interface("a:eth0") + packet(0, 1, b"kept")
    data = whole + packet(0, 2, b"lost")
    for end in range(len(whole) + 1, len(data)):
        assert [read.data for read in read_packets(data[:end])] == [b"kept"]
        assert is_truncated(data[:end])
    assert not is_truncated(data)
    assert not is_truncated(whole)


def test_a_cut_section_header_reads_as_nothing() -> None:
    cut = section()[:20]
    assert list(read_packets(cut)) == []
    assert is_truncated(cut)


@pytest.mark.parametrize(
    "foreign",
    [b"", b"\xd4\xc3\xb2\xa1" + bytes(40), b"<html>", b"\x1f\x8b" + bytes(30)],
    ids=["empty", "old pcap", "text", "gzip"],
)
def test_what_is_not_pcapng_is_refused(foreign: bytes) -> None:
    for read in (read_blocks, read_packets):
        with pytest.raises(LabError, match="not a pcapng file"):
            list(read(foreign))
    with pytest.raises(LabError, match="not a pcapng file"):
        is_truncated(foreign)


@pytest.mark.parametrize(
    "damaged",
    [
        section() + struct.pack("<II", 6, 2) + bytes(16),  # a length that moves nowhere
        section() + struct.pack("<II", 6, 33) + bytes(33),
        section() + struct.pack("<II", 6, 12) + struct.pack("<I", 12),  # no room for a frame
        section() + struct.pack("<III", 9, 12, 16),  # the two lengths differ
        section()[:8] + b"none" + section()[12:],
    ],
    ids=["length 2", "length 33", "short packet", "lengths differ", "byte order"],
)
def test_damage_is_an_error_and_names_the_place(damaged: bytes) -> None:
    with pytest.raises(LabError, match="damaged: no block at byte"):
        list(read_packets(damaged))


@pytest.mark.parametrize(
    "block",
    [
        Block(INTERFACE_DESCRIPTION, bytes(8) + option(9, b"")),
        Block(INTERFACE_DESCRIPTION, bytes(8) + option(14, b"abc")),
        Block(ENHANCED_PACKET, struct.pack("<5I", 0, 0, 0, 400, 400)),
        Block(ENHANCED_PACKET, bytes(20) + option(2, b"xx")),
    ],
    ids=["empty resolution", "short offset", "frame longer than its block", "short flags"],
)
def test_a_block_that_contradicts_itself_is_an_error(block: Block) -> None:
    with pytest.raises(LabError, match="damaged"):
        list(read_packets(section() + interface("a:eth0") + block.encode()))


def test_a_frame_of_an_interface_nobody_described_is_an_error() -> None:
    with pytest.raises(LabError, match="interface 3"):
        list(read_packets(section() + interface("a:eth0") + packet(3, 0, b"")))


def test_frames_without_a_time_are_refused_rather_than_skipped() -> None:
    with pytest.raises(LabError, match="type 3") as refused:
        list(read_packets(section() + Block(SIMPLE_PACKET, bytes(4)).encode()))
    assert "editcap" in refused.value.hint
