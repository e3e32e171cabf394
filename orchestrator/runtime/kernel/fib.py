"""What a node's kernel does with a packet: its forwarding table (FIB), asked over rtnetlink(7).

The kernel is asked twice (RTM_GETROUTE): for the entry that matches, which tells the prefix, who
installed it and all equal next hops, and for the next hop that this very packet takes, since the
hash over a flow's addresses and ports picks one of the equal ones. Neither question sends anything.

pyroute2 knows no ports in such questions, so that both are written by kernel/netlink.py.
"""

from __future__ import annotations

import errno
import functools
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from orchestrator.plan.addresses import Address, Prefix, holds
from orchestrator.runtime.kernel.netlink import ask, netlink_in, read_attributes, write_attribute
from orchestrator.runtime.network.namespaces import routing_socket

# linux/rtnetlink.h
_RTM_GETROUTE = 26
_RTM_F_LOOKUP_TABLE, _RTM_F_FIB_MATCH = 0x1000, 0x2000
_DST, _SRC, _IIF, _OIF, _GATEWAY, _PREFSRC, _MULTIPATH = 1, 2, 3, 4, 5, 7, 9
_IP_PROTO, _SPORT, _DPORT = 27, 28, 29
_RTNH_UNUSABLE = 0x01 | 0x10  # dead, or its carrier lost
ROUTE, _NEXT_HOP = struct.Struct("=8BI"), struct.Struct("=HBBi")  # struct rtmsg, rtnexthop
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_NUMBERS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}
PROTOCOLS = {2: "kernel", 3: "boot", 4: "static", 9: "ra", 11: "zebra", 12: "bird", 16: "dhcp"}

Kind = Literal["local", "unicast", "blackhole", "unreachable", "prohibit", "no route"]
KINDS: dict[int, Kind] = {
    1: "unicast",
    2: "local",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
}
# Routes that refuse are told as errors, without the prefix.
_REFUSALS: dict[int, Kind] = {
    errno.EINVAL: "blackhole",
    errno.EHOSTUNREACH: "unreachable",
    errno.EACCES: "prohibit",
    errno.ENETUNREACH: "no route",
}


@dataclass(frozen=True)
class Flow:
    """Whose packets: a transport and its two ports, as the sender of the first packet has them."""

    protocol: Literal["tcp", "udp"] = "tcp"
    source_port: int = 40000
    target_port: int = 443

    @property
    def turned(self) -> Flow:
        """The same flow as answers have it."""
        return Flow(self.protocol, self.target_port, self.source_port)


@dataclass(frozen=True)
class Packet:
    """A packet at a node. ``interface`` is the index of the one it came in by, 0 if it is born
    here; without a ``source`` the kernel picks one, as for a socket that is not bound."""

    target: Address
    source: Address | None
    flow: Flow
    interface: int = 0


@dataclass(frozen=True)
class NextHop:
    """Where a packet goes: a neighbour (None: the target itself), over an interface by index."""

    via: Address | None
    interface: int


@dataclass(frozen=True)
class Verdict:
    """What becomes of a packet. ``prefix`` is the longest match, ``protocol`` who installed it,
    ``equal`` the next hops it may take, ``chosen`` the one it takes, ``source`` the address that
    the kernel picks for a packet without one."""

    kind: Kind
    prefix: Prefix | None = None
    protocol: str = ""
    equal: tuple[NextHop, ...] = ()
    chosen: NextHop | None = None
    source: Address | None = None


def look_up(namespace: str, packet: Packet) -> Verdict:
    """What the kernel in a namespace does with a packet. Raises OSError where it cannot tell."""
    try:
        with netlink_in(namespace) as netlink:
            matched, taken = (
                read_answer(ask(netlink, _RTM_GETROUTE, 0, write_question(packet, match)).body)
                for match in (True, False)
            )
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        with routing_socket(namespace) as asking:
            routes = list(asking.get_routes(family=_FAMILIES[packet.target.version]))
        return refusal(error.errno, routes, packet.target)
    return replace(matched, chosen=next(iter(taken.equal), None), source=taken.source)


def write_question(packet: Packet, match: bool) -> bytes:
    """The question (struct rtmsg): with ``match`` for the entry, else for this packet's way."""
    target, source = packet.target, packet.source
    attributes = [(_DST, target.packed)]
    if source is not None:
        attributes.append((_SRC, source.packed))
    if packet.interface:
        attributes.append((_IIF, struct.pack("=I", packet.interface)))
    attributes += [
        (_IP_PROTO, struct.pack("=B", _NUMBERS[packet.flow.protocol])),
        (_SPORT, struct.pack("!H", packet.flow.source_port)),
        (_DPORT, struct.pack("!H", packet.flow.target_port)),
    ]
    flags = _RTM_F_LOOKUP_TABLE | (_RTM_F_FIB_MATCH if match else 0)
    lengths = target.max_prefixlen, source.max_prefixlen if source is not None else 0
    route = ROUTE.pack(_FAMILIES[target.version], *lengths, 0, 0, 0, 0, 0, flags)
    return route + b"".join(write_attribute(*attribute) for attribute in attributes)


def read_answer(answer: bytes) -> Verdict:
    """The route that the kernel tells, a message of the type RTM_NEWROUTE."""
    family, length, _, _, _, protocol, _, kind, _ = ROUTE.unpack_from(answer)
    attributes = read_attributes(answer[ROUTE.size :])
    nowhere = bytes(4 if family == socket.AF_INET else 16)
    return Verdict(
        KINDS.get(kind, "unicast"),
        ip_network((attributes.get(_DST, nowhere), length), strict=False),
        PROTOCOLS.get(protocol, str(protocol)),
        tuple(next_hops(attributes)),
        source=ip_address(attributes[_PREFSRC]) if _PREFSRC in attributes else None,
    )


def next_hops(attributes: Mapping[int, bytes]) -> Iterator[NextHop]:
    """The one next hop of a route, or those of equal cost that can be used (struct rtnexthop)."""
    if _OIF in attributes:
        yield NextHop(_gateway(attributes), *struct.unpack("=I", attributes[_OIF]))
    several = attributes.get(_MULTIPATH, b"")
    while several:
        length, flags, _, index = _NEXT_HOP.unpack_from(several)
        if not flags & _RTNH_UNUSABLE:
            yield NextHop(_gateway(read_attributes(several[_NEXT_HOP.size : length])), index)
        several = several[length + -length % 4 :]


def _gateway(attributes: Mapping[int, bytes]) -> Address | None:
    return _address(attributes[_GATEWAY]) if _GATEWAY in attributes else None


@functools.lru_cache(maxsize=4096)
def _address(octets: bytes) -> Address:
    return ip_address(octets)


def refusal(number: int, routes: Iterable[Any], target: Address) -> Verdict:
    """What an error stands for, with the route that refuses, found among all routes.

    ``routes`` are pyroute2's messages of one family.
    """
    nowhere = "::" if target.version == 6 else "0.0.0.0"
    entries = [
        (ip_network(f"{r.get_attr('RTA_DST') or nowhere}/{r['dst_len']}"), r) for r in routes
    ]
    around = [(prefix, r) for prefix, r in entries if holds(prefix, target)]
    prefix, route = max(around, key=lambda e: e[0].prefixlen, default=(None, None))
    if route is None or KINDS.get(route["type"]) != _REFUSALS[number]:
        return Verdict(_REFUSALS[number])
    return Verdict(_REFUSALS[number], prefix, PROTOCOLS.get(route["proto"], str(route["proto"])))


def _destination(route: Any) -> Prefix:
    nowhere = "::" if route["family"] == socket.AF_INET6 else "0.0.0.0"
    return ip_network(f"{route.get_attr('RTA_DST') or nowhere}/{route['dst_len']}")
