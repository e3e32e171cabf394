"""ICMP's errors, and the packet that each quotes (RFC 792, RFC 4443)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.analysis.packets.frames import ICMP, ICMPV6, TCP, UDP, Frame
from orchestrator.plan.addresses import Address

_HEADER, _IPV4, _IPV6 = 8, 20, 40
# Ports and sequence number: what is quoted at the least.
_QUOTED = struct.Struct("!HHI")
_CLOSED_PORT = "nothing listens at the port"
# By protocol, type and code; of codes that are not here the type's own words are said.
_WORDS: Mapping[tuple[int, int, int], str] = {
    (ICMP, 3, 0): "the network is unreachable",
    (ICMP, 3, 1): "the host is unreachable",
    (ICMP, 3, 2): "the protocol is not spoken there",
    (ICMP, 3, 3): _CLOSED_PORT,
    (ICMP, 3, 4): "the packet is too long for the next link, and must not be fragmented",
    (ICMP, 3, 9): "the network is administratively prohibited",
    (ICMP, 3, 10): "the host is administratively prohibited",
    (ICMP, 3, 13): "it is administratively prohibited",
    (ICMP, 11, 0): "its TTL is used up",
    (ICMP, 11, 1): "a fragment of it is missing",
    (ICMPV6, 1, 0): "there is no route",
    (ICMPV6, 1, 1): "it is administratively prohibited",
    (ICMPV6, 1, 2): "it is beyond the scope of its source address",
    (ICMPV6, 1, 3): "the address is unreachable",
    (ICMPV6, 1, 4): _CLOSED_PORT,
    (ICMPV6, 1, 5): "its source address failed a policy",
    (ICMPV6, 1, 6): "the route is one that rejects",
    (ICMPV6, 3, 0): "its hop limit is used up",
    (ICMPV6, 3, 1): "a fragment of it is missing",
}
_KINDS: Mapping[tuple[int, int], str] = {
    (ICMP, 3): "the destination is unreachable",
    (ICMP, 11): "its time is exceeded",
    (ICMP, 12): "its header has a mistake",
    (ICMPV6, 1): "the destination is unreachable",
    (ICMPV6, 2): "the packet is too long for the next link",
    (ICMPV6, 3): "its time is exceeded",
    (ICMPV6, 4): "its header has a mistake",
}


@dataclass(frozen=True)
class IcmpError:
    """An error: ``says`` is what of it, in words; the rest is of the packet that it quotes.

    ``seq`` is TCP's sequence number, and UDP's checksum and length in its place; ports are 0 of
    what has none.
    """

    kind: int
    code: int
    says: str
    protocol: int
    source: bytes
    target: bytes
    source_port: int = 0
    target_port: int = 0
    seq: int = 0

    @property
    def target_address(self) -> Address:
        """Where the packet was to go."""
        return ip_address(self.target)

    @property
    def is_closed_port(self) -> bool:
        """Whether it says that nothing listens where the packet went."""
        return self.says == _CLOSED_PORT

    def quotes(self, frame: Frame) -> bool:
        """Whether a frame shows the packet, with the addresses that it had where the error was."""
        quoted = (self.protocol, self.source, self.target, self.source_port, self.target_port)
        ends = (frame.source, frame.target, frame.source_port, frame.target_port)
        same = quoted == (frame.protocol, *ends)
        return same and (self.protocol != TCP or self.seq == frame.seq)


def read_error(frame: Frame) -> IcmpError | None:
    """What an ICMP message says went wrong; None of one that is no error, or is cut short."""
    body = frame.payload
    if frame.protocol not in (ICMP, ICMPV6) or len(body) < _HEADER + _IPV4:
        return None
    kind = _KINDS.get((frame.protocol, body[0]))
    if kind is None:
        return None
    says = _WORDS.get((frame.protocol, body[0], body[1]), kind)
    quoted = body[_HEADER:]
    if frame.protocol == ICMP:
        protocol, source, target = quoted[9], quoted[12:16], quoted[16:20]
        rest = quoted[(quoted[0] & 0x0F) * 4 :]
    elif len(quoted) >= _IPV6:
        protocol, source, target = quoted[6], quoted[8:24], quoted[24:40]
        rest = quoted[_IPV6:]
    else:
        return None
    ports = (0, 0, 0)
    if protocol in (TCP, UDP) and len(rest) >= _QUOTED.size:
        ports = _QUOTED.unpack_from(rest)
    return IcmpError(body[0], body[1], says, protocol, source, target, *ports)
