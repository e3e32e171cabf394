"""A node's whole forwarding table (FIB), dumped over rtnetlink(7): both families, main table.

Every visit keeps the FIBs of all routers.
"""

from __future__ import annotations

import functools
import socket
import sys
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from orchestrator.plan.addresses import Prefix
from orchestrator.records.testimony import ForwardingEntry, NextHop
from orchestrator.runtime.kernel.fib import KINDS, PROTOCOLS, ROUTE, next_hops
from orchestrator.runtime.kernel.netlink import dump, netlink_in, read_attributes

# linux/rtnetlink.h
_RTM_GETROUTE = 26
_DST, _PRIORITY, _MAIN = 1, 6, 254
_NOWHERE = {socket.AF_INET: bytes(4), socket.AF_INET6: bytes(16)}


def dump_fib(namespace: str, names: Mapping[int, str]) -> Iterator[ForwardingEntry]:
    """Every route of the main table; ``names`` are those of the interfaces, by index.

    Raises OSError where the kernel does not tell.
    """
    with netlink_in(namespace) as netlink:
        for family in _NOWHERE:
            body = ROUTE.pack(family, 0, 0, 0, _MAIN, 0, 0, 0, 0)
            for message in dump(netlink, _RTM_GETROUTE, body):
                yield from read_entries(message.body, names)


@functools.lru_cache(maxsize=4096)  # all nodes have nearly the same
def _prefix(address: bytes, length: int) -> Prefix:
    return ip_network((ip_address(address), length))


def read_entries(message: bytes, names: Mapping[int, str]) -> Iterator[ForwardingEntry]:
    """The entry of a message; none of another table, or of what is no route of packets."""
    family, length, _, _, table, protocol, _, kind, _ = ROUTE.unpack_from(message)
    if table != _MAIN or kind not in KINDS or KINDS[kind] == "local":
        return
    attributes = read_attributes(message[ROUTE.size :])
    hops = next_hops(attributes) if KINDS[kind] == "unicast" else ()
    yield ForwardingEntry(
        prefix=_prefix(attributes.get(_DST, _NOWHERE[family]), length),
        kind=KINDS[kind],
        protocol=PROTOCOLS.get(protocol, str(protocol)),
        next_hops=tuple(NextHop(hop.via, names.get(hop.interface, "")) for hop in hops),
        metric=int.from_bytes(attributes.get(_PRIORITY, b""), sys.byteorder),
    )
