"""What tshark reads behind a segment that came late, or that a link damaged."""

from __future__ import annotations

import struct
from pathlib import Path

from orchestrator.analysis.packets.frames import ACK, PSH, SYN, Captured, Frame, decode
from orchestrator.runs.dissect import dissect
from tests.unit.analysis.builders import at, minimal_plan

_CLIENT, _SERVER = bytes([192, 168, 1, 100]), bytes([198, 18, 5, 9])
_BODY = b"x" * 3000
_RESPONSE = b"HTTP/1.1 203 Fine\r\nContent-Length: 3000\r\n\r\n" + _BODY
FIELDS = ("http.request.uri", "http.response.code")


def checksum(data: bytes) -> int:
    """RFC 1071."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def packet(out: bool, seq: int, ack: int, flags: int, payload: bytes = b"") -> bytes:
    """An Ethernet frame between port 40000 of the client and port 80 of the server."""
    source, target = (_CLIENT, _SERVER) if out else (_SERVER, _CLIENT)
    ports = (40000, 80) if out else (80, 40000)
    header = struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 65000, 0, 0)
    pseudo = source + target + struct.pack("!HH", 6, len(header) + len(payload))
    summed = struct.pack("!H", checksum(pseudo + header + payload))
    tcp = header[:16] + summed + header[18:] + payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + source + target
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return bytes(12) + b"\x08\x00" + ip + tcp


def exchange(*responses: bytes) -> list[bytes]:
    asked = b"GET /late HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
    return [
        packet(True, 100, 0, SYN),
        packet(False, 500, 101, SYN | ACK),
        packet(True, 101, 501, ACK),
        packet(True, 101, 501, ACK | PSH, asked),
        *responses,
    ]


def piece(start: int, end: int) -> bytes:
    return packet(False, 501 + start, 146, ACK, _RESPONSE[start:end])


def read(packets: list[bytes]) -> list[tuple[str, ...]]:
    frames: list[Frame] = [
        decode(Captured("laptop", "eth0", n, n, at(n), data[26:30] == _CLIENT, data, len(data)))
        for n, data in enumerate(packets, start=1)
    ]
    found = dissect({"laptop": frames}, FIELDS, minimal_plan(), Path("/no/keys"))["laptop"]
    return [entry.all(name) for entry in found for name in FIELDS if entry.has(name)]


def test_http_is_read_behind_a_segment_that_came_out_of_order() -> None:
    late = exchange(piece(0, 1000), piece(2000, 3044), piece(1000, 2000))
    assert read(late) == [("/late",), ("203",)]
    first_is_late = exchange(piece(1000, 2000), piece(0, 1000), piece(2000, 3044))
    assert read(first_is_late) == [("/late",), ("203",)]


def test_a_damaged_segment_is_not_taken_for_what_it_was() -> None:
    damaged = bytearray(piece(0, 1000))
    damaged[54 + 9] ^= 1 << 1  # 203 becomes 003, and no checksum fits
    again = exchange(bytes(damaged), piece(0, 1000), piece(1000, 2000), piece(2000, 3044))
    # That alone is read too, as what it says; who tells a story leaves damaged frames out.
    assert read(again) == [("/late",), ("3",), ("203",)]
