from __future__ import annotations

import struct
from ipaddress import ip_address

from orchestrator.analysis.packets.frames import (
    ACK,
    ARP,
    ICMP,
    IPV6,
    SYN,
    TCP,
    UDP,
    Captured,
    decode,
)
from orchestrator.analysis.packets.frames import Frame as Decoded

_MACS = bytes.fromhex("024c00040001") + bytes.fromhex("024c00060000")
_INSIDE, _OUTSIDE, _SERVER = "192.168.1.100", "198.18.1.3", "198.18.5.9"


def captured(data: bytes) -> Captured:
    return Captured("laptop", "eth0", 1, 1, 0, True, data, len(data))


def ipv4(
    protocol: int, body: bytes, *, source: str = _INSIDE, ttl: int = 64, copy: int = 7, **ip: int
) -> bytes:
    options = bytes(4 * ip.get("option_words", 0))
    first = 0x45 + ip.get("option_words", 0)
    total = 20 + len(options) + len(body)
    ends = ip_address(source).packed + ip_address(_SERVER).packed
    words = (first, 0, total, copy, ip.get("fragment", 0x4000), ttl, protocol, 0xBEEF)
    return struct.pack("!BBHHHBBH", *words) + ends + options + body


def tcp(payload: bytes = b"", *, port: int = 40000, seq: int = 5, checksum: int = 1) -> bytes:
    options = bytes.fromhex("0101080a0000000100000002")
    words = (port, 443, seq, 9, (20 + len(options)) // 4 << 4, SYN | ACK, 512, checksum, 0)
    return struct.pack("!HHIIBBHHH", *words) + options + payload


def udp(payload: bytes, *, port: int = 40000) -> bytes:
    return struct.pack("!HHHH", port, 53, 8 + len(payload), 1) + payload


def read(packet: bytes, ethertype: int = 0x0800, padding: int = 0) -> Decoded:
    return decode(captured(_MACS + struct.pack("!H", ethertype) + packet + bytes(padding)))


def test_tcp_over_ipv4_behind_options_and_before_padding() -> None:
    frame = read(ipv4(TCP, tcp(b"hi"), option_words=1), padding=9)
    assert (str(frame.source_address), str(frame.target_address)) == (_INSIDE, _SERVER)
    assert (frame.source_port, frame.target_port, frame.seq, frame.ack) == (40000, 443, 5, 9)
    assert frame.payload == b"hi"
    assert frame.has(SYN, ACK)
    assert frame.ttl == 64


def test_udp_over_ipv6() -> None:
    ends = ip_address("fd00::1").packed + ip_address("fd00::2").packed
    body = udp(b"query")
    frame = read(struct.pack("!IHBB", 6 << 28, len(body), UDP, 63) + ends + body, IPV6)
    assert str(frame.target_address) == "fd00::2"
    assert (frame.target_port, frame.ttl, frame.payload) == (53, 63, b"query")


def test_a_packet_is_known_again_beyond_nat_and_hops() -> None:
    inside = read(ipv4(TCP, tcp(b"hi", port=40000, checksum=1)))
    outside = read(ipv4(TCP, tcp(b"hi", port=61000, checksum=2), source=_OUTSIDE, ttl=63))
    assert inside.identity == outside.identity != 0


def test_what_was_sent_again_is_another_packet() -> None:
    sent = read(ipv4(TCP, tcp(b"hi"), copy=7))
    assert sent.identity != read(ipv4(TCP, tcp(b"hi"), copy=8)).identity
    assert sent.identity != read(ipv4(TCP, tcp(b"hi", seq=6))).identity
    assert sent.identity != read(ipv4(TCP, tcp(b"ho"))).identity


def test_an_icmp_error_is_known_again_though_nat_changes_what_it_quotes() -> None:
    def error(quoted: bytes) -> int:
        return read(ipv4(ICMP, bytes((11, 0, 0xAA, 0, 0, 0, 0, 0)) + quoted)).identity

    inside = error(ipv4(TCP, tcp(port=40000, checksum=1)))
    assert inside == error(ipv4(TCP, tcp(port=61000, checksum=2), source=_OUTSIDE))
    assert inside != error(ipv4(TCP, tcp(seq=6)))


def test_what_has_no_transport_or_is_cut_short_has_no_identity() -> None:
    whole = ipv4(TCP, tcp())
    assert read(bytes(28), ARP) == Decoded(captured(_MACS + b"\x08\x06" + bytes(28)), ARP)
    assert read(ipv4(TCP, tcp(), fragment=0x0010)).identity == 0
    assert decode(captured(_MACS[:10])).ethertype == 0
    for length in range(len(whole)):
        cut = read(whole[:length])
        assert cut.ethertype == 0x0800
        assert cut.identity == 0 or length >= 40
