"""The interfaces of a namespace as its kernel has them, dumped over rtnetlink(7).

All of a lab is asked at once, over and over while it gets well again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface

from orchestrator.plan.addresses import HostAddress
from orchestrator.runtime.kernel.netlink import dump, netlink_in, read_attributes

# linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/if.h
_RTM_GETLINK, _RTM_GETADDR = 18, 22
_LINK, _ADDRESS = struct.Struct("=BxHiII"), struct.Struct("=BBBBI")
_IFNAME, _QDISC, _CARRIER, _IFA_ADDRESS, _IFA_LOCAL = 3, 6, 33, 1, 2
_IFF_UP = 1


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
    with netlink_in(namespace) as netlink:
        links = dump(netlink, _RTM_GETLINK, _LINK.pack(0, 0, 0, 0, 0))
        seen = dict(read_link(message.body) for message in links)
        for message in dump(netlink, _RTM_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0)):
            index, address = read_address(message.body)
            if index in seen:  # else it came a moment ago
                held = seen[index].addresses | {address}
                seen[index] = replace(seen[index], addresses=held)
    return seen


def read_link(message: bytes) -> tuple[int, Seen]:
    """Index and interface of an RTM_NEWLINK message without its header; no addresses yet."""
    _, _, index, flags, _ = _LINK.unpack_from(message)
    attributes = read_attributes(message[_LINK.size :])
    return index, Seen(
        name=attributes[_IFNAME].rstrip(b"\0").decode(),
        is_up=bool(flags & _IFF_UP),
        carrier=attributes.get(_CARRIER) == b"\1",
        qdisc=attributes.get(_QDISC, b"").rstrip(b"\0").decode(),
    )


def read_address(message: bytes) -> tuple[int, HostAddress]:
    """The index of an interface and an address of it, of an RTM_NEWADDR message."""
    _, length, _, _, index = _ADDRESS.unpack_from(message)
    attributes = read_attributes(message[_ADDRESS.size :])
    # Of a point-to-point interface the first is the far end's.
    packed = attributes.get(_IFA_LOCAL) or attributes[_IFA_ADDRESS]
    return index, ip_interface(f"{ip_address(packed)}/{length}")
