"""ICMP messages as they stand in the RFCs."""

from __future__ import annotations

import struct

import pytest

from orchestrator.probes.echo import Heard, checksum, read_message, write_request

IPV4_HEADER = bytes([0x45]) + bytes(8) + bytes([1]) + bytes(10)
IPV6_HEADER = bytes([0x60]) + bytes(5) + bytes([58]) + bytes(33)


def reply(version: int, identifier: int, sequence: int) -> bytes:
    kind = 0 if version == 4 else 129
    message = struct.pack("!BBHHH", kind, 0, 0, identifier, sequence) + bytes(48)
    return IPV4_HEADER + message if version == 4 else message


def error(version: int, kind: int, code: int, cited: bytes) -> bytes:
    head = struct.pack("!BBHI", kind, code, 0, 0)
    return IPV4_HEADER + head + IPV4_HEADER + cited if version == 4 else head + IPV6_HEADER + cited


def test_a_request_carries_identifier_sequence_and_a_good_checksum() -> None:
    request = write_request(4, 0x1234, 0xFFFF)
    assert request[:2] == b"\x08\x00"
    assert request[4:8] == b"\x12\x34\xff\xff"
    assert checksum(request) == 0
    assert write_request(6, 1, 2)[:4] == b"\x80\0\0\0"


@pytest.mark.parametrize("version", [4, 6])
def test_an_echo_is_heard(version: int) -> None:
    assert read_message(version, reply(version, 7, 8)) == Heard(7, 8, "")


@pytest.mark.parametrize(
    ("version", "kind", "code", "words"),
    [
        (4, 3, 1, "destination unreachable, code 1"),
        (4, 11, 0, "TTL exceeded, code 0"),
        (6, 1, 0, "destination unreachable, code 0"),
        (6, 3, 0, "hop limit exceeded, code 0"),
    ],
)
def test_an_error_names_the_request_it_cites(
    version: int, kind: int, code: int, words: str
) -> None:
    packet = error(version, kind, code, write_request(version, 7, 8))
    assert read_message(version, packet) == Heard(7, 8, words)


@pytest.mark.parametrize("version", [4, 6])
def test_all_else_is_passed_over(version: int) -> None:
    request = write_request(version, 7, 8)
    own = IPV4_HEADER + request if version == 4 else request
    too_big = 2
    foreign = reply(version, 7, 8)[-56:]
    for packet in (b"", own, error(version, too_big, 0, request), error(version, 3, 0, foreign)):
        assert read_message(version, packet) is None
    assert read_message(version, error(version, 3, 0, request)[:20]) is None
