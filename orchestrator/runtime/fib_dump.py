"""A node's whole forwarding table (FIB), dumped over rtnetlink(7): both families, main table.

Every visit keeps the FIBs of all routers, so this reads the kernel's messages itself: pyroute2
takes ten times as long for a table.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from orchestrator.analysis.evidence import ForwardingEntry, NextHop
from orchestrator.runtime.fib import KINDS, PROTOCOLS, next_hops, read_attributes
from orchestrator.runtime.namespaces import entered

# linux/rtnetlink.h, linux/netlink.h
_RTM_NEWROUTE, _RTM_GETROUTE, _NLMSG_DONE, _NLMSG_ERROR = 24, 26, 3, 2
_REQUEST_DUMP = 0x001 | 0x300
_HEADER, _ROUTE = struct.Struct("=IHHII"), struct.Struct("=8BI")
_DST, _PRIORITY, _MAIN = 1, 6, 254
_NOWHERE = {socket.AF_INET: bytes(4), socket.AF_INET6: bytes(16)}
_ANSWER_BYTES = 1 << 18


def dump_fib(namespace: str, names: Mapping[int, str]) -> Iterator[ForwardingEntry]:
    """Every route of the main table; ``names`` are those of the interfaces, by index.

    Raises OSError where the kernel does not tell.
    """
    with entered(namespace):
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    with netlink:
        for family in _NOWHERE:
            body = _ROUTE.pack(family, 0, 0, 0, _MAIN, 0, 0, 0, 0)
            size = _HEADER.size + len(body)
            netlink.sendto(_HEADER.pack(size, _RTM_GETROUTE, _REQUEST_DUMP, 1, 0) + body, (0, 0))
            for message in _messages(netlink):
                yield from read_entries(message, names)


def _messages(netlink: socket.socket) -> Iterator[bytes]:
    """The routes of one dump, each without its header. Raises OSError."""
    while True:
        data = netlink.recv(_ANSWER_BYTES)
        while data:
            size, kind, *_ = _HEADER.unpack_from(data)
            if kind == _NLMSG_DONE:
                return
            if kind == _NLMSG_ERROR:
                (number,) = struct.unpack_from("=i", data, _HEADER.size)
                raise OSError(-number, "the kernel does not tell its routes")
            if kind == _RTM_NEWROUTE:
                yield data[_HEADER.size : size]
            data = data[size + -size % 4 :]


def read_entries(message: bytes, names: Mapping[int, str]) -> Iterator[ForwardingEntry]:
    """The entry of a message; none of another table, or of what is no route of packets."""
    family, length, _, _, table, protocol, _, kind, _ = _ROUTE.unpack_from(message)
    if table != _MAIN or kind not in KINDS or KINDS[kind] == "local":
        return
    attributes = dict(read_attributes(message[_ROUTE.size :]))
    address = ip_address(attributes.get(_DST, _NOWHERE[family]))
    hops = next_hops(attributes) if KINDS[kind] == "unicast" else ()
    yield ForwardingEntry(
        prefix=ip_network((address, length)),
        kind=KINDS[kind],
        protocol=PROTOCOLS.get(protocol, str(protocol)),
        next_hops=tuple(NextHop(hop.via, names.get(hop.interface, "")) for hop in hops),
        metric=int.from_bytes(attributes.get(_PRIORITY, b""), sys.byteorder),
    )
