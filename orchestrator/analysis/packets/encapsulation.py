"""What a frame is made of: one header inside the other, from the wire up.

The headers are read from the raw bytes alone: what TLS encrypts stays encrypted, so that the
reader sees what a wire carries. Padding that Ethernet added is a layer of its own.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.analysis.packets.application import read_application
from orchestrator.analysis.packets.frames import ARP, IPV4, IPV6, TCP, UDP
from orchestrator.analysis.packets.layer import Layer

_ETHERTYPES = {ARP: "ARP", IPV4: "IPv4", IPV6: "IPv6"}
_PROTOCOLS = {1: "ICMP", TCP: "TCP", UDP: "UDP", 58: "ICMPv6"}
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


@dataclass(frozen=True)
class Encapsulation:
    """A frame's layers, outermost first; together they are the whole frame."""

    layers: tuple[Layer, ...]

    @property
    def length(self) -> int:
        """Bytes on the wire, without preamble and frame check sequence."""
        return sum(layer.length for layer in self.layers)

    @property
    def overhead(self) -> int:
        """Bytes that are there only to bring the rest across."""
        return sum(layer.length for layer in self.layers if not layer.content)

    @property
    def overhead_percent(self) -> float:
        """The same as a share of the frame; 0 of an empty one."""
        return 100 * self.overhead / self.length if self.length else 0.0


def unwrap(data: bytes) -> Encapsulation:
    """The layers of an Ethernet II frame. What cannot be read is content without fields."""
    if len(data) < 14:
        return Encapsulation((Layer("Data", 0, data, content=True),) if data else ())
    target, source, ethertype = data[:6], data[6:12], data[12] << 8 | data[13]
    fields = (
        ("destination", target.hex(":")),
        ("source", source.hex(":")),
        ("type", f"0x{ethertype:04x} {_ETHERTYPES.get(ethertype, '')}".strip()),
    )
    first = Layer("Ethernet II", 0, data[:14], fields)
    return Encapsulation((first, *_network(data, ethertype)))


def _network(data: bytes, ethertype: int) -> tuple[Layer, ...]:
    if ethertype == IPV4 and len(data) >= 34:
        start = 14 + max((data[14] & 15) * 4, 20)
        end = max(14 + int.from_bytes(data[16:18]), start)
        layer = Layer("IPv4", 14, data[14:start], _ipv4_fields(data))
        return (layer, *_transport(data, start, end, data[23]), *_padding(data, end))
    if ethertype == IPV6 and len(data) >= 54:
        end = 54 + int.from_bytes(data[18:20])
        layer = Layer("IPv6", 14, data[14:54], _ipv6_fields(data))
        return (layer, *_transport(data, 54, end, data[20]), *_padding(data, end))
    name = _ETHERTYPES.get(ethertype, "Data")
    return (Layer(name, 14, data[14:], content=True),) if data[14:] else ()


def _padding(data: bytes, end: int) -> tuple[Layer, ...]:
    """To Ethernet's least length of 60 bytes."""
    return (Layer("Padding", end, data[end:]),) if 14 < end < len(data) else ()


def _ipv4_fields(data: bytes) -> tuple[tuple[str, str], ...]:
    total, identification, fragment = struct.unpack_from("!HHH", data, 16)
    return (
        ("source", str(ip_address(data[26:30]))),
        ("destination", str(ip_address(data[30:34]))),
        ("TTL", str(data[22])),
        ("protocol", f"{data[23]} {_PROTOCOLS.get(data[23], '')}".strip()),
        ("total length", str(total)),
        ("identification", f"0x{identification:04x}"),
        ("don't fragment", "yes" if fragment & 0x4000 else "no"),
    )


def _ipv6_fields(data: bytes) -> tuple[tuple[str, str], ...]:
    return (
        ("source", str(ip_address(data[22:38]))),
        ("destination", str(ip_address(data[38:54]))),
        ("hop limit", str(data[21])),
        ("next header", f"{data[20]} {_PROTOCOLS.get(data[20], '')}".strip()),
        ("payload length", str(int.from_bytes(data[18:20]))),
        ("flow label", f"0x{int.from_bytes(data[15:18]) & 0xFFFFF:05x}"),
    )


def _transport(data: bytes, start: int, end: int, protocol: int) -> tuple[Layer, ...]:
    body = data[start:end]
    if protocol == TCP and len(body) >= 20:
        header = (body[12] >> 4) * 4
        layer = Layer("TCP", start, body[:header], _tcp_fields(body, header))
    elif protocol == UDP and len(body) >= 8:
        header = 8
        layer = Layer("UDP", start, body[:8], (*_ports(body), ("length", str(len(body)))))
    else:
        name = _PROTOCOLS.get(protocol, "Data")
        return (Layer(name, start, body, content=True),) if body else ()
    ports = {int.from_bytes(body[:2]), int.from_bytes(body[2:4])}
    return (layer, *read_application(body[header:], start + header, protocol, ports))


def _ports(body: bytes) -> tuple[tuple[str, str], ...]:
    source, target = struct.unpack_from("!HH", body)
    return ("source port", str(source)), ("destination port", str(target))


def _tcp_fields(body: bytes, header: int) -> tuple[tuple[str, str], ...]:
    seq, ack, _, flags, window = struct.unpack_from("!IIBBH", body, 4)
    said = [name for bit, name in enumerate(_FLAGS) if flags >> bit & 1]
    return (
        *_ports(body),
        ("sequence", str(seq)),
        ("acknowledges", str(ack)),
        ("flags", ", ".join(said)),
        ("window", str(window)),
        ("options", f"{header - 20} bytes"),
    )
