"""Nodes' captures become one: order, interfaces, secrets, comments, and what is missing."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from pathlib import Path

import pytest

from orchestrator.errors import LabError
from orchestrator.plan.addresses import Address
from orchestrator.records.embedding import embed_names, embed_secrets
from orchestrator.records.merge import JOURNEY, merge
from orchestrator.records.pcapng import (
    DECRYPTION_SECRETS,
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS,
    NAME_RESOLUTION,
    SECTION_HEADER,
    Block,
    Direction,
    Packet,
    is_truncated,
    parse_interface,
    read_blocks,
    read_options,
    read_packets,
)
from orchestrator.runs.captures import read_frames
from tests.unit.capture.texts import interface, option, packet, secrets, section, statistics

KEYS = b"CLIENT_RANDOM 00 11\n"
NS = 1_700_000_000_123_456_789
HOME = (
    section()
    + interface("home:eth0")
    + interface("home:wan")
    + packet(0, NS, b"first", flags=1 | 3 << 2)
    + packet(1, NS + 9, b"fourth", flags=2)
    + statistics(0, 0)
    + statistics(1, 0)
)
ISP = (
    section()
    + interface("isp:up")
    + packet(0, NS + 5, b"second", flags=1)
    + packet(0, NS + 7, b"third")
    + statistics(0, 0)
)
FILES = {"isp.pcapng": ISP, "home.pcapng": HOME}


def blocks(data: bytes, kind: int) -> list[Block]:
    return [block for block in read_blocks(data) if block.type == kind]


def frames(data: bytes) -> list[Packet]:
    return list(read_packets(data))


def comments_of(block: Block, options: int) -> list[str]:
    found = read_options(block.body, options, block.order)
    return [value.decode() for code, value in found if code == 1]


def notes(data: bytes) -> list[str]:
    return comments_of(blocks(data, SECTION_HEADER)[0], 16)


def test_frames_stand_in_the_order_of_time_with_all_they_had() -> None:
    read = frames(merge(FILES))
    assert [(p.number, p.data) for p in read] == [
        (1, b"first"),
        (2, b"second"),
        (3, b"third"),
        (4, b"fourth"),
    ]
    assert [p.interface for p in read] == ["home:eth0", "isp:up", "isp:up", "home:wan"]
    assert [p.time_ns - NS for p in read] == [0, 5, 7, 9]
    assert [p.direction for p in read] == [
        Direction.INBOUND,
        Direction.INBOUND,
        Direction.UNKNOWN,
        Direction.OUTBOUND,
    ]
    assert {p.original_length for p in read} == {1500}


def test_one_section_describes_every_interface_once() -> None:
    merged = merge(FILES)
    kinds = [block.type for block in read_blocks(merged)]
    assert kinds == [SECTION_HEADER] + 3 * [INTERFACE_DESCRIPTION] + 4 * [ENHANCED_PACKET] + (
        3 * [INTERFACE_STATISTICS]
    )
    described = [parse_interface(block) for block in blocks(merged, INTERFACE_DESCRIPTION)]
    assert [each.name for each in described] == ["home:eth0", "home:wan", "isp:up"]
    assert {each.ticks_per_second for each in described} == {10**9}


def test_at_the_same_time_the_order_is_that_of_files_names_and_numbers() -> None:
    def same(node: str) -> bytes:
        head = section() + interface(f"{node}:a") + interface(f"{node}:b")
        return head + packet(1, NS, f"{node} 1".encode()) + packet(0, NS, f"{node} 2".encode())

    # The names of files, in which a dash comes before the dot, and not those of nodes.
    merged = merge({f"{node}.pcapng": same(node) for node in ("ix", "ab", "ix-fra")})
    assert [p.data.decode() for p in frames(merged)] == [
        *("ab 1", "ab 2"),
        *("ix-fra 1", "ix-fra 2"),
        *("ix 1", "ix 2"),
    ]


def test_numbers_are_those_that_runs_give_to_frames(tmp_path: Path) -> None:
    same = section() + interface("ix:a") + packet(0, NS, b"x") + packet(0, NS + 7, b"y")
    files = {**FILES, "ix.pcapng": same, "ix-fra.pcapng": same, "home-gw.pcapng": same}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / JOURNEY).write_bytes(merge(files))
    read = read_frames(tmp_path)
    numbered = {f.captured.journey: f.captured for node in read.values() for f in node}
    merged = frames((tmp_path / JOURNEY).read_bytes())
    assert sorted(numbered) == [p.number for p in merged]
    assert [(numbered[p.number].data, numbered[p.number].time_ns) for p in merged] == [
        (p.data, p.time_ns) for p in merged
    ]
    order = [node for _, node in sorted((c.journey, c.node) for c in numbered.values())]
    assert order[:4] == ["home-gw", "home", "ix-fra", "ix"]


def test_secrets_stand_once_and_before_the_frames() -> None:
    other = secrets(b"CLIENT_RANDOM 22 33\n")
    files = {name: embed_secrets(data, KEYS) for name, data in FILES.items()}
    files["tv.pcapng"] = section() + interface("tv:eth0") + other + packet(0, NS, b"")
    merged = merge(files)
    assert [block.encode() for block in blocks(merged, DECRYPTION_SECRETS)] == [
        secrets(KEYS),
        other,
    ]
    kinds = [block.type for block in read_blocks(merged)]
    assert kinds.index(ENHANCED_PACKET) > kinds.index(DECRYPTION_SECRETS)
    assert kinds.index(DECRYPTION_SECRETS) > kinds.index(INTERFACE_DESCRIPTION)


def test_names_that_all_files_have_stand_once() -> None:
    names: dict[Address, str] = {ip_address("192.0.2.1"): "home"}
    merged = merge({name: embed_names(data, names) for name, data in FILES.items()})
    assert len(blocks(merged, NAME_RESOLUTION)) == 1
    assert embed_names(merged, names) == merged


def test_comments_stand_at_their_frames_beside_the_flags() -> None:
    merged = merge(FILES, {1: "the click", 3: "grün", 9: "nobody's"})
    told = [comments_of(b, 20 + 8) for b in blocks(merged, ENHANCED_PACKET)]
    assert told == [["the click"], [], ["grün"], []]
    plain = frames(merge(FILES))
    assert frames(merged) == plain


def test_a_comment_that_no_option_can_hold_is_cut_at_a_character() -> None:
    """A URL of 70,000 characters in a step's sentence ended in a struct.error."""
    merged = merge(FILES, {1: "é" * 70_000, 2: "x" * 65_536, 3: "half a pair: \ud83d"})
    one, two, three, _ = [comments_of(b, 20 + 8) for b in blocks(merged, ENHANCED_PACKET)]
    assert (one, two) == (["é" * (65_535 // 2)], ["x" * 65_535])
    assert three == ["half a pair: \\ud83d"]
    assert frames(merged) == frames(merge(FILES))


def test_statistics_follow_their_interfaces() -> None:
    counted = blocks(merge(FILES), INTERFACE_STATISTICS)
    assert [struct.unpack_from("<I", block.body)[0] for block in counted] == [0, 1, 2]
    assert counted[2].body[4:] == blocks(ISP, INTERFACE_STATISTICS)[0].body[4:]


def test_drops_are_told_once_for_each_node() -> None:
    lossy = section() + interface("x:a") + interface("x:b") + statistics(0, 7) + statistics(1, 7)
    assert notes(merge(FILES)) == []
    assert notes(merge({**FILES, "x.pcapng": lossy})) == ["7 packets were not captured: x 7"]


def test_a_file_that_was_cut_off_gives_what_it_has() -> None:
    whole = section() + interface("a:eth0") + packet(0, NS, b"kept")
    data = whole + packet(0, NS + 1, b"lost")
    for end in range(len(whole) + 1, len(data)):
        merged = merge({"a.pcapng": data[:end]})
        assert [p.data for p in frames(merged)] == [b"kept"]
        assert notes(merged) == ["a.pcapng was cut off: its last frames are not here"]
        assert not is_truncated(merged)


def test_an_interface_described_in_several_sections_is_one() -> None:
    """As in what is left of a capture that was killed."""
    first = section() + interface("a:x") + interface("a:y") + packet(1, NS + 1, b"2")
    merged = merge({"a.pcapng": first + section() + interface("a:y") + packet(0, NS, b"1")})
    assert [(p.interface, p.data) for p in frames(merged)] == [("a:y", b"1"), ("a:y", b"2")]
    assert len(blocks(merged, INTERFACE_DESCRIPTION)) == 2


def test_of_nothing_comes_a_file_without_frames() -> None:
    assert frames(merge({})) == []
    assert frames(merge({"a.pcapng": section() + interface("a:x")})) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (section() + interface("a:x", b"\x06"), "a.pcapng: the times of a:x are not in nanosec"),
        (section(">"), "a.pcapng: the capture is big-endian"),
        (section() + packet(0, NS, b""), "a.pcapng: it tells of interface 0"),
        (section() + Block(3, bytes(4)).encode(), "a.pcapng: the capture has packet blocks of ty"),
        (b"", "a.pcapng: not a pcapng file"),
        (section() + Block(INTERFACE_DESCRIPTION, bytes(8) + option(9, b"")).encode(), "damaged"),
    ],
)
def test_what_cannot_be_merged_is_named(data: bytes, message: str) -> None:
    with pytest.raises(LabError, match=message):
        merge({**FILES, "a.pcapng": data})
