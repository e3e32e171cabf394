"""Captured frames, decoded up to their transport: Ethernet, ARP, IPv4, IPv6, TCP, UDP, ICMP.

What lies above is read by tshark (runs/dissect.py). This reader is for the question which frames
are the same packet, asked of every frame at every interface, for which tshark is too slow.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import NamedTuple

from orchestrator.plan.addresses import Address

ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
DNS_PORT = 53
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_ETHERNET, _IPV4, _IPV6, _TCP, _UDP = 14, 20, 40, 20, 8
_FRAGMENT = 0x1FFF
# Destination unreachable, time exceeded, parameter problem.
_ICMP_ERRORS = (3, 11, 12)


class Captured(NamedTuple):
    """A frame as it stands in `<node>.pcapng`.

    ``interface`` is the interface's name at that node; ``number`` counts from 1 in the file of
    the node, ``journey`` in journey.pcapng; ``time_ns`` counts from 1970-01-01 UTC.
    """

    node: str
    interface: str
    number: int
    journey: int
    time_ns: int
    outbound: bool
    data: bytes
    length: int


class Frame(NamedTuple):
    """A captured frame and its headers; what it has not is 0 or empty.

    ``source`` and ``target`` are packed addresses. ``payload`` is what the transport carries.
    ``identity`` is the same for one packet at every interface it crosses, through NAT too:
    it leaves out addresses, ports, checksums and TTL (0: no identity). IPv4's identification
    is in it, which tells a packet from its copy sent again.
    """

    captured: Captured
    ethertype: int = 0
    source: bytes = b""
    target: bytes = b""
    ttl: int = 0
    protocol: int = 0
    source_port: int = 0
    target_port: int = 0
    flags: int = 0
    seq: int = 0
    ack: int = 0
    payload: bytes = b""
    identity: int = 0

    @property
    def node(self) -> str:
        """The node or switch that the frame was seen at."""
        return self.captured.node

    @property
    def number(self) -> int:
        """Its number in the file of that node."""
        return self.captured.number

    @property
    def time_ns(self) -> int:
        """When the frame was seen, in ns since 1970 UTC."""
        return self.captured.time_ns

    @property
    def outbound(self) -> bool:
        """Whether it left the node here."""
        return self.captured.outbound

    @property
    def endpoint(self) -> str:
        """Where the frame was seen, as ``node:interface``."""
        return f"{self.captured.node}:{self.captured.interface}"

    @property
    def source_address(self) -> Address:
        """Only of IP packets."""
        return ip_address(self.source)

    @property
    def target_address(self) -> Address:
        """Only of IP packets."""
        return ip_address(self.target)

    def has(self, *flags: int) -> bool:
        """Whether all these TCP flags are set."""
        return all(self.flags & flag for flag in flags)


def decode(captured: Captured) -> Frame:
    """The headers of a frame. One that is cut short or of another kind has fewer fields set."""
    data = captured.data
    if len(data) < _ETHERNET:
        return Frame(captured)
    ethertype = data[12] << 8 | data[13]
    if ethertype == IPV4 and len(data) >= _ETHERNET + _IPV4:
        return _decode_ipv4(captured, data)
    if ethertype == IPV6 and len(data) >= _ETHERNET + _IPV6:
        end = _ETHERNET + _IPV6 + (data[18] << 8 | data[19])
        source, target = data[22:38], data[38:54]
        body = data[_ETHERNET + _IPV6 : end]
        return _decode_transport(captured, IPV6, source, target, data[21], data[20], b"", body)
    return Frame(captured, ethertype)


def _decode_ipv4(captured: Captured, data: bytes) -> Frame:
    start = _ETHERNET + (data[14] & 0x0F) * 4
    end = _ETHERNET + (data[16] << 8 | data[17])
    protocol = 0 if (data[20] << 8 | data[21]) & _FRAGMENT else data[23]
    source, target = data[26:30], data[30:34]
    copy, body = data[18:20], data[start:end]
    return _decode_transport(captured, IPV4, source, target, data[22], protocol, copy, body)


def _decode_transport(
    captured: Captured,
    ethertype: int,
    source: bytes,
    target: bytes,
    ttl: int,
    protocol: int,
    copy: bytes,
    body: bytes,
) -> Frame:
    """``copy`` is IPv4's identification, which tells packets apart that are equal otherwise."""
    network = (captured, ethertype, source, target, ttl, protocol)
    if protocol == TCP and len(body) >= _TCP:
        source_port, target_port, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", body)
        start = (offset >> 4) * 4
        # All but ports, checksum and urgent pointer; options hold the timestamps (RFC 7323).
        identity = hash(copy + body[4:16] + body[20:])
        ports = (source_port, target_port, flags, seq, ack, body[start:])
        return Frame(*network, *ports, identity=identity)
    if protocol == UDP and len(body) >= _UDP:
        source_port, target_port = struct.unpack_from("!HH", body)
        payload = body[_UDP:]
        identity = hash(copy + payload)
        return Frame(*network, source_port, target_port, payload=payload, identity=identity)
    if protocol in (ICMP, ICMPV6) and len(body) >= 8:
        identity = hash(copy + _without_addresses(protocol, body))
        return Frame(*network, payload=body, identity=identity)
    return Frame(*network, payload=body)


def _without_addresses(protocol: int, body: bytes) -> bytes:
    """What NAT leaves of an ICMP message. An error of ICMPv4 quotes a packet (RFC 792), whose
    addresses, ports and checksums NAT changes too; no NAT is done to IPv6."""
    if protocol == ICMPV6 or body[0] not in _ICMP_ERRORS or len(body) < 8 + _IPV4:
        return body[:2] + body[4:]
    quoted = body[8 + (body[8] & 0x0F) * 4 :]
    return body[:2] + (quoted[4:16] if body[17] == TCP else quoted[8:])
