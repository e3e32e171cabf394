"""What a transport carries, as layers: TLS records (RFC 8446), DNS (RFC 1035), HTTP/1.1 (RFC 9112).

Everything else is content of which nothing more is said.
"""

from __future__ import annotations

import struct

from orchestrator.analysis.packets.frames import DNS_PORT, TCP, UDP
from orchestrator.analysis.packets.layer import Layer

_RECORDS = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}
_HANDSHAKES = {1: "ClientHello", 2: "ServerHello", 11: "Certificate", 16: "ClientKeyExchange"}
_DNS_TYPES = {1: "A", 2: "NS", 5: "CNAME", 28: "AAAA", 65: "HTTPS"}
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"HTTP/1.")
_RECORD_HEADER, _TAG, _DNS_HEADER = 5, 16, 12


def read_application(
    payload: bytes, offset: int, protocol: int, ports: set[int]
) -> tuple[Layer, ...]:
    """The layers of a transport's payload, which starts at ``offset`` in its frame."""
    if not payload:
        return ()
    if protocol == UDP and DNS_PORT in ports and len(payload) >= _DNS_HEADER:
        return _read_dns(payload, offset)
    if protocol == TCP and _is_record(payload):
        return _read_tls(payload, offset)
    if protocol == TCP and payload.startswith(_METHODS):
        return _read_http(payload, offset)
    known = {"TLS, inside a record": 443 in ports, "DHCP": bool(ports & {67, 68})}
    name = next((name for name, is_so in known.items() if is_so), "Data")
    return (Layer(name, offset, payload, content=True),)


def _is_record(payload: bytes) -> bool:
    return len(payload) >= _RECORD_HEADER and payload[0] in _RECORDS and payload[1] == 3


def _read_tls(payload: bytes, offset: int) -> tuple[Layer, ...]:
    """Records, as many as begin here; the last one may go on in the next segment."""
    layers: list[Layer] = []
    while _is_record(payload):
        length = int.from_bytes(payload[3:5])
        end = _RECORD_HEADER + length
        fields = (
            ("content type", f"{payload[0]} {_RECORDS[payload[0]]}"),
            ("length", f"{length}{_continued(payload, end)}"),
        )
        layers.append(Layer("TLS record", offset, payload[:_RECORD_HEADER], fields))
        inside = payload[_RECORD_HEADER:end]
        layers += _fragment(payload[0], inside, offset + _RECORD_HEADER, whole=end <= len(payload))
        payload, offset = payload[end:], offset + end
    if payload:
        layers.append(Layer("Data", offset, payload, content=True))
    return tuple(layers)


def _continued(payload: bytes, end: int) -> str:
    return ", goes on in the next segment" if end > len(payload) else ""


def _fragment(content_type: int, inside: bytes, offset: int, *, whole: bool) -> list[Layer]:
    if not inside:
        return []
    if content_type == 23:
        # Every cipher suite that browsers offer for TLS 1.3 ends a record with a tag of 16 bytes.
        end = len(inside) - _TAG if whole and len(inside) > _TAG else len(inside)
        secret = Layer("Encrypted data", offset, inside[:end], content=True)
        return [secret, *([Layer("TLS tag", offset + end, inside[end:])] if inside[end:] else [])]
    name = _HANDSHAKES.get(inside[0], "") if content_type == 22 else ""
    return [Layer(name or _RECORDS[content_type], offset, inside, content=True)]


def _read_dns(payload: bytes, offset: int) -> tuple[Layer, ...]:
    identifier, flags, questions, answers, authority, additional = struct.unpack_from(
        "!6H", payload
    )
    fields = (
        ("id", f"0x{identifier:04x}"),
        ("kind", "answer" if flags & 0x8000 else "query"),
        ("recursion desired", "yes" if flags & 0x0100 else "no"),
        (
            "counts",
            f"{questions} question, {answers} answer, {authority} authority, {additional} more",
        ),
    )
    header = Layer("DNS header", offset, payload[:_DNS_HEADER], fields)
    rest, start = payload[_DNS_HEADER:], offset + _DNS_HEADER
    asked = (("question", _question(rest)),) if questions else ()
    return (header, Layer("DNS records", start, rest, asked, content=True)) if rest else (header,)


def _question(body: bytes) -> str:
    """The first question's name and type; "" where it is cut short."""
    labels, place = [], 0
    while place < len(body) and (length := body[place]):
        labels.append(body[place + 1 : place + 1 + length].decode("ascii", errors="replace"))
        place += 1 + length
    kind = int.from_bytes(body[place + 1 : place + 3])
    return f"{'.'.join(labels)} {_DNS_TYPES.get(kind, f'type {kind}')}"


def _read_http(payload: bytes, offset: int) -> tuple[Layer, ...]:
    head, separator, body = payload.partition(b"\r\n\r\n")
    first = head.split(b"\r\n")[0].decode("latin-1")
    header = Layer("HTTP header", offset, head + separator, (("first line", first),), content=True)
    start = offset + len(head) + len(separator)
    return (header, Layer("HTTP body", start, body, content=True)) if body else (header,)
