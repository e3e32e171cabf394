"""BGP messages out of segments that are cut anywhere, come twice, or are not there."""

from __future__ import annotations

import struct
from ipaddress import ip_network

import pytest

from orchestrator.analysis.failover.bgp_messages import (
    KEEPALIVE,
    NOTIFICATION,
    UPDATE,
    Update,
    name_error,
    read_stream,
    read_update,
)
from orchestrator.analysis.packets.frames import SYN, TCP, Captured, Frame


def message(kind: int, body: bytes = b"") -> bytes:
    return b"\xff" * 16 + struct.pack("!HB", 19 + len(body), kind) + body


def attribute(kind: int, value: bytes, flags: int = 0x40) -> bytes:
    if flags & 0x10:
        return struct.pack("!BBH", flags, kind, len(value)) + value
    return struct.pack("!BBB", flags, kind, len(value)) + value


def update(withdrawn: bytes = b"", attributes: bytes = b"", announced: bytes = b"") -> bytes:
    lengths = (len(withdrawn), len(attributes))
    return (
        b"".join(
            (lengths[0].to_bytes(2, "big"), withdrawn, lengths[1].to_bytes(2, "big"), attributes)
        )
        + announced
    )


PREFIX4 = bytes((22, 198, 18, 24))
PREFIX6 = bytes((32, 0x3F, 0xFF, 0, 6))
WITHDRAWAL = message(UPDATE, update(withdrawn=PREFIX4))


def segment(seq: int, payload: bytes, flags: int = 0) -> Frame:
    captured = Captured("alder", "eth0", seq, 0, seq, True, b"", 0)
    return Frame(captured, protocol=TCP, seq=seq, payload=payload, flags=flags)


def kinds(frames: list[Frame]) -> list[tuple[int, int]]:
    return [(found.type, found.frame.number) for found in read_stream(frames)]


def test_several_messages_stand_in_one_segment() -> None:
    assert kinds([segment(1, WITHDRAWAL + message(KEEPALIVE))]) == [(UPDATE, 1), (KEEPALIVE, 1)]


def test_a_message_over_segments_is_of_the_last_of_them() -> None:
    frames = [segment(1, WITHDRAWAL[:10]), segment(11, WITHDRAWAL[10:25])]
    assert kinds([*frames, segment(26, WITHDRAWAL[25:] + WITHDRAWAL)]) == [(UPDATE, 26)] * 2


def test_what_is_sent_again_is_read_once() -> None:
    again = [segment(1, WITHDRAWAL), segment(1, WITHDRAWAL), segment(len(WITHDRAWAL), b"")]
    assert kinds(again) == [(UPDATE, 1)]


def test_a_segment_that_is_sent_again_with_more_brings_what_is_new() -> None:
    more = WITHDRAWAL + message(NOTIFICATION, b"\4\0")
    assert kinds([segment(1, WITHDRAWAL), segment(1, more)]) == [(UPDATE, 1), (NOTIFICATION, 1)]


def test_after_a_gap_reading_goes_on_at_a_marker() -> None:
    frames = [segment(1, WITHDRAWAL[:20]), segment(500, b"rest of another" + WITHDRAWAL)]
    assert kinds(frames) == [(UPDATE, 500)]


def test_the_numbers_begin_anew_after_a_syn_and_at_four_thousand_millions() -> None:
    last = 2**32 - 10
    frames = [segment(7, WITHDRAWAL), segment(last - 1, b"", SYN), segment(last, WITHDRAWAL[:10])]
    assert kinds([*frames, segment(0, WITHDRAWAL[10:])]) == [(UPDATE, 7), (UPDATE, 0)]


def test_ipv4_routes_stand_in_the_update_itself() -> None:
    path = attribute(2, bytes((2, 2)) + struct.pack("!II", 64510, 4200000001))
    assert read_update(update(PREFIX4, path, bytes((0,)))) == Update(
        withdrawn=(ip_network("198.18.24.0/22"),),
        announced=(ip_network("0.0.0.0/0"),),
        as_path=(64510, 4200000001),
    )


def test_numbers_of_two_octets_are_told_by_how_they_come_out() -> None:
    path = attribute(2, bytes((2, 3)) + struct.pack("!HHH", 64510, 64511, 64540))
    assert read_update(update(attributes=path)).as_path == (64510, 64511, 64540)


def test_ipv6_routes_stand_in_attributes() -> None:
    reach = struct.pack("!HBB", 2, 1, 32) + bytes(32) + b"\0" + PREFIX6
    unreach = struct.pack("!HB", 2, 1) + PREFIX6 * 2
    attributes = attribute(14, reach, 0x90) + attribute(15, unreach, 0x80)
    prefix = ip_network("3fff:6::/32")
    assert read_update(update(attributes=attributes)) == Update((prefix, prefix), (prefix,))


def test_other_families_are_left_out() -> None:
    unreach = struct.pack("!HB", 2, 128) + PREFIX6
    assert read_update(update(attributes=attribute(15, unreach, 0x80))) == Update()


@pytest.mark.parametrize("length", range(len(update(PREFIX4, attribute(15, b"\0\2\1"), PREFIX4))))
def test_what_is_cut_short_raises_nothing(length: int) -> None:
    whole = update(PREFIX4, attribute(15, b"\0\2\1"), PREFIX4)
    assert read_update(whole[:length]) != read_update(whole)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\4\0", "hold timer expired"),
        (b"\6\12", "BFD down"),
        (b"\6\2bye", "administrative shutdown"),
        (b"\6\x63", "cease"),
        (b"\x63\0", "error 99"),
        (b"", "error 0"),
    ],
)
def test_errors_have_names(body: bytes, words: str) -> None:
    assert name_error(body) == words
