"""Neighbours that routers know without asking, where a lab is too large for the kernel's tables.

The kernel has one table of IPv4 neighbours and one of IPv6 for all namespaces together (arp(7)),
and drops what goes beyond `gc_thresh3`, 1,024 unless somebody raised it: the sessions of 200 ASes
would never all come up. Entries that somebody else vouches for do not count (NTF_EXT_LEARNED,
Linux 5.0 and later), and all addresses and MACs of a lab are planned. So in a large lab routers
are told of each other; from there on neighbour discovery keeps these entries as any others. In a
small one, everybody asks (ARP, RFC 826; RFC 4861), as captures should show.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from pathlib import Path
from socket import AF_INET, AF_INET6

from orchestrator.plan.model import Endpoint, Interface, Link, Plan
from orchestrator.roles import role_of
from orchestrator.runtime.kernel.netlink import (
    ACK,
    CREATE,
    REPLACE,
    REQUEST,
    ask,
    netlink_in,
    write_attribute,
    write_message,
)

_LIMITS = [Path(f"/proc/sys/net/ipv{version}/neigh/default/gc_thresh3") for version in (4, 6)]
_USUAL_LIMIT = 1024
# linux/neighbour.h, linux/rtnetlink.h, linux/netlink.h
_NDA_DST, _NDA_LLADDR = 1, 2
_NTF_EXT_LEARNED, _NUD_STALE = 0x10, 0x04
_RTM_NEWNEIGH = 28


def is_crowded(plan: Plan) -> bool:
    """Whether the lab's routers could fill half of a table: others use them too."""
    return count_entries(plan) > min(map(_limit, _LIMITS)) / 2


def count_entries(plan: Plan) -> int:
    """The entries that routers need for each other in the fuller of the tables, IPv6's.

    In IPv6 each is known by two addresses: a global one and a link-local one.
    """
    return 2 * sum(len(ports) * (len(ports) - 1) for ports in _wires(plan))


def _limit(path: Path) -> int:
    return int(path.read_text()) if path.exists() else _USUAL_LIMIT


def introduce_routers(plan: Plan, links: Iterable[Link], namespaces: Mapping[str, str]) -> None:
    """Tell the routers at the ends of ``links``, which are up, who else is on the same wire."""
    asking = {end for link in links for end in (link.a, link.b)}
    others: dict[str, list[tuple[int, Interface]]] = {}
    for ports in _wires(plan):
        for here, there in permutations(ports, 2):
            if here in asking:
                known = (_port(plan, here).index, _port(plan, there))
                others.setdefault(here.node, []).append(known)
    for node, known_there in others.items():
        _tell(namespaces[node], [entry for known in known_there for entry in _entries(*known)])


def _entries(index: int, other: Interface) -> Iterator[bytes]:
    """A neighbour at an interface as rtnetlink(7) has it, for each of its addresses."""
    mac = bytes.fromhex(other.mac.replace(":", ""))
    for address in (*(entry.ip for entry in other.addresses), other.link_local):
        family = AF_INET if address.version == 4 else AF_INET6
        header = struct.pack("=BxxxiHBB", family, index, _NUD_STALE, _NTF_EXT_LEARNED, 0)
        attributes = ((_NDA_DST, address.packed), (_NDA_LLADDR, mac))
        yield header + b"".join(write_attribute(kind, value) for kind, value in attributes)


def _tell(namespace: str, entries: list[bytes]) -> None:
    """Send all requests before looking at the answers (netlink(7)): there are tens of thousands.

    The kernel answers those that it refuses, and the last, which asks for it.
    """
    flags = REQUEST | CREATE | REPLACE
    *first, last = entries
    with netlink_in(namespace) as netlink:
        for entry in first:
            netlink.sendto(write_message(_RTM_NEWNEIGH, flags, entry), (0, 0))
        ask(netlink, _RTM_NEWNEIGH, flags | ACK, last)


def _wires(plan: Plan) -> Iterator[list[Endpoint]]:
    """The ports of routers that reach each other without another router: of a link or a LAN."""
    lans: dict[str, list[Endpoint]] = {name: [] for name in plan.switches}
    speaking = {node.name for node in plan.nodes.values() if role_of(node).speaks}
    for link in plan.links.values():
        ends = (link.a, link.b)
        ports = [end for end in ends if end.node in speaking]
        lan = next((end.node for end in ends if end.node in lans), None)
        if lan is None:
            yield ports
        else:
            lans[lan] += ports
    yield from lans.values()


def _port(plan: Plan, end: Endpoint) -> Interface:
    return plan.nodes[end.node].interface(end.interface)
