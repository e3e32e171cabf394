from __future__ import annotations

import random
import struct
from ipaddress import ip_address

from orchestrator.analysis.packets.encapsulation import Encapsulation, unwrap

MACS = bytes.fromhex("024c00000001024c00000002")


def ipv4(protocol: int, body: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, 0x4000, 63, protocol, 0)
    addresses = ip_address("192.168.1.100").packed + ip_address("198.19.251.1").packed
    return MACS + b"\x08\x00" + head + addresses + body


def ipv6(protocol: int, body: bytes) -> bytes:
    head = struct.pack("!IHBB", 0x60012345, len(body), protocol, 61)
    addresses = ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed
    return MACS + b"\x86\xdd" + head + addresses + body


def tcp(payload: bytes, *, flags: int = 0x18, options: bytes = b"", port: int = 443) -> bytes:
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack("!HHIIBBHHH", 40000, port, 1000, 2000, offset, flags, 64240, 0, 0)
    return head + options + payload


def udp(payload: bytes, port: int = 53) -> bytes:
    return struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload


def record(content_type: int, inside: bytes) -> bytes:
    return bytes([content_type, 3, 3]) + struct.pack("!H", len(inside)) + inside


def sizes(wire: Encapsulation) -> list[tuple[str, int]]:
    return [(layer.name, layer.length) for layer in wire.layers]


def test_a_syn_is_headers_alone() -> None:
    wire = unwrap(ipv4(6, tcp(b"", flags=0x02, options=bytes(20))))
    assert sizes(wire) == [("Ethernet II", 14), ("IPv4", 20), ("TCP", 40)]
    assert (wire.length, wire.overhead, wire.overhead_percent) == (74, 74, 100.0)
    fields = dict(wire.layers[2].fields)
    assert (fields["flags"], fields["destination port"], fields["options"]) == (
        "SYN",
        "443",
        "20 bytes",
    )
    assert dict(wire.layers[1].fields)["TTL"] == "63"


def test_encrypted_data_is_all_that_is_seen_of_http() -> None:
    wire = unwrap(ipv6(6, tcp(record(23, b"x" * 100))))
    assert sizes(wire)[1:] == [
        ("IPv6", 40),
        ("TCP", 20),
        ("TLS record", 5),
        ("Encrypted data", 84),
        ("TLS tag", 16),
    ]
    assert wire.overhead == 14 + 40 + 20 + 5 + 16
    assert [layer.name for layer in wire.layers if layer.content] == ["Encrypted data"]


def test_a_record_that_goes_on_in_the_next_segment_has_no_tag_yet() -> None:
    wire = unwrap(ipv4(6, tcp(record(23, b"x" * 100)[:60])))
    assert sizes(wire)[3:] == [("TLS record", 5), ("Encrypted data", 55)]
    assert dict(wire.layers[3].fields)["length"] == "100, goes on in the next segment"


def test_two_records_in_a_segment() -> None:
    wire = unwrap(ipv4(6, tcp(record(22, b"\x02hello") + record(20, b"\x01"))))
    assert [name for name, _ in sizes(wire)[3:]] == [
        "TLS record",
        "ServerHello",
        "TLS record",
        "change cipher spec",
    ]


def test_a_question_is_read() -> None:
    asked = b"\x03www\x07example\x03com\x00\x00\x1c\x00\x01"
    wire = unwrap(ipv4(17, udp(struct.pack("!6H", 0xABCD, 0x0100, 1, 0, 0, 0) + asked)))
    assert sizes(wire)[2:] == [("UDP", 8), ("DNS header", 12), ("DNS records", 21)]
    assert dict(wire.layers[4].fields) == {"question": "www.example.com AAAA"}
    assert dict(wire.layers[3].fields)["kind"] == "query"


def test_http_in_clear_text() -> None:
    wire = unwrap(ipv4(6, tcp(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody", port=8080)))
    assert sizes(wire)[3:] == [("HTTP header", 27), ("HTTP body", 4)]
    assert dict(wire.layers[3].fields) == {"first line": "GET / HTTP/1.1"}


def test_padding_is_no_content() -> None:
    wire = unwrap(ipv4(6, tcp(b"")) + bytes(6))
    assert sizes(wire)[-1] == ("Padding", 6)
    assert wire.overhead == wire.length == 60


def test_arp() -> None:
    assert sizes(unwrap(MACS + b"\x08\x06" + bytes(28))) == [("Ethernet II", 14), ("ARP", 28)]


def test_whatever_the_bytes_the_layers_are_the_whole_frame() -> None:
    draw = random.Random(1)
    whole = [
        ipv4(6, tcp(record(23, b"x" * 40) + record(22, b"\x01"))),
        ipv6(17, udp(struct.pack("!6H", 1, 0x8180, 9, 9, 9, 9) + b"\x3fwww")),
        ipv4(6, tcp(b"HTTP/1.1 200 OK\r\n")),
    ]
    for frame in whole:
        for end in range(len(frame) + 1):
            assert b"".join(layer.data for layer in unwrap(frame[:end]).layers) == frame[:end]
        for place in [*range(12, 60)] * 20:
            garbled = bytearray(frame)
            garbled[place % len(frame)] = draw.choice((0, 1, 15, draw.randrange(256)))
            layers = unwrap(bytes(garbled)).layers
            assert b"".join(layer.data for layer in layers) == garbled
            starts = [layer.offset for layer in layers]
            assert starts == sorted(starts)
