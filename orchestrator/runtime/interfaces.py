"""The interfaces of a namespace as its kernel has them, dumped over rtnetlink(7).

All of a lab is asked at once, over and over while it gets well again, so that this reads the
kernel's messages itself: pyroute2 takes ten times as long.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface

from orchestrator.plan.addresses import HostAddress
from orchestrator.runtime.fib import read_attributes
from orchestrator.runtime.namespaces import entered

# linux/rtnetlink.h, linux/netlink.h, linux/if_link.h, linux/if_addr.h, linux/if.h
_RTM_NEWLINK, _RTM_GETLINK, _RTM_NEWADDR, _RTM_GETADDR = 16, 18, 20, 22
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST_DUMP = 0x001 | 0x300
_HEADER = struct.Struct("=IHHII")
_LINK, _ADDRESS = struct.Struct("=BxHiII"), struct.Struct("=BBBBI")
_IFNAME, _QDISC, _CARRIER, _IFA_ADDRESS, _IFA_LOCAL = 3, 6, 33, 1, 2
_IFF_UP = 1
_ANSWER_BYTES = 1 << 18


@dataclass(frozen=True)
class Seen:
    """An interface. ``qdisc`` is the kind of what frames leave through."""

    name: str
    is_up: bool
    carrier: bool
    qdisc: str
    addresses: frozenset[HostAddress] = frozenset()


def see_interfaces(namespace: str) -> dict[int, Seen]:
    """The interfaces of a namespace by index. Raises OSError where the kernel does not tell."""
    with entered(namespace):
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    with netlink:
        seen = dict(map(read_link, _dump(netlink, _RTM_GETLINK, _LINK.pack(0, 0, 0, 0, 0))))
        for message in _dump(netlink, _RTM_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0)):
            index, address = read_address(message)
            if index in seen:  # else it came a moment ago
                held = seen[index].addresses | {address}
                seen[index] = replace(seen[index], addresses=held)
    return seen


def _dump(netlink: socket.socket, question: int, body: bytes) -> Iterator[bytes]:
    size = _HEADER.size + len(body)
    netlink.sendto(_HEADER.pack(size, question, _REQUEST_DUMP, 1, 0) + body, (0, 0))
    while True:
        data = netlink.recv(_ANSWER_BYTES)
        while data:
            size, kind, *_ = _HEADER.unpack_from(data)
            if kind == _NLMSG_DONE:
                return
            if kind == _NLMSG_ERROR:
                (number,) = struct.unpack_from("=i", data, _HEADER.size)
                raise OSError(-number, "the kernel does not tell its interfaces")
            if kind in (_RTM_NEWLINK, _RTM_NEWADDR):
                yield data[_HEADER.size : size]
            data = data[size + -size % 4 :]


def read_link(message: bytes) -> tuple[int, Seen]:
    """Index and interface of an RTM_NEWLINK message without its header; no addresses yet."""
    _, _, index, flags, _ = _LINK.unpack_from(message)
    attributes = dict(read_attributes(message[_LINK.size :]))
    return index, Seen(
        name=attributes[_IFNAME].rstrip(b"\0").decode(),
        is_up=bool(flags & _IFF_UP),
        carrier=attributes.get(_CARRIER) == b"\1",
        qdisc=attributes.get(_QDISC, b"").rstrip(b"\0").decode(),
    )


def read_address(message: bytes) -> tuple[int, HostAddress]:
    """The index of an interface and an address of it, of an RTM_NEWADDR message."""
    _, length, _, _, index = _ADDRESS.unpack_from(message)
    attributes = dict(read_attributes(message[_ADDRESS.size :]))
    # Of a point-to-point interface the first is the far end's.
    packed = attributes.get(_IFA_LOCAL) or attributes[_IFA_ADDRESS]
    return index, ip_interface(f"{ip_address(packed)}/{length}")
