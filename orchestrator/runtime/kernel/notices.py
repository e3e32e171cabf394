"""What a kernel says unasked over rtnetlink(7), read: links, addresses and routes of one namespace.

Messages say how something is, not what changed, and come for many reasons. So what was known is
kept, and only changes are told.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

from orchestrator.records.study import EventKind, NetworkEvent
from orchestrator.runtime.kernel.fib import KINDS, PROTOCOLS, ROUTE, next_hops
from orchestrator.runtime.kernel.netlink import read_attributes

# linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
NEWLINK, DELLINK, NEWADDR, DELADDR, NEWROUTE, DELROUTE = 16, 17, 20, 21, 24, 25
_REPLACES, _CLONED = 0x100, 0x200
_LINK, _ADDRESS = struct.Struct("=BxHiII"), struct.Struct("=4BI")
_IFNAME, _OPERSTATE, _IFA_ADDRESS, _IFA_LOCAL = 3, 16, 1, 2
_LOWER_UP, _LOOPBACK_TYPE = 0x10000, 772
_DST, _PRIORITY, _TABLE, _LOCAL_TABLE = 1, 6, 15, 255
_OPERSTATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
_NOWHERE = {2: bytes(4), 10: bytes(16)}  # by address family


class Notices:
    """One namespace as it was last told, and what each message changes in it."""

    def __init__(self, node: str) -> None:
        self.node = node
        self._names: dict[int, str] = {}
        self._carrier: dict[int, bool] = {}
        self._addresses: set[tuple[int, str]] = set()

    def read(self, time_ns: int, kind: int, flags: int, body: bytes) -> Iterator[NetworkEvent]:
        """The changes that a message tells; none where it repeats what was known."""
        reader = self._READERS.get(kind)
        if reader is not None:
            for what, action, subject, detail in reader(self, kind, flags, body):
                yield NetworkEvent(time_ns, self.node, what, action, subject, detail)

    def _link(self, kind: int, flags: int, body: bytes) -> Iterator[_Change]:
        family, hardware, index, device_flags, _ = _LINK.unpack_from(body)
        if family:  # a bridge tells of its port, or IPv6 of its settings: no change of the link
            return
        attributes = read_attributes(body[_LINK.size :])
        name = attributes[_IFNAME].rstrip(b"\0").decode()
        carrier, known = bool(device_flags & _LOWER_UP), self._carrier.get(index)
        operstate = _OPERSTATES[attributes.get(_OPERSTATE, b"\0")[0]]
        self._names[index] = name
        if kind == DELLINK:
            self._forget(index)
            carrier = False
        else:
            self._carrier[index] = carrier
        action = _action(kind, known, carrier)
        if action and hardware != _LOOPBACK_TYPE:
            yield "link", action, name, {"carrier": carrier, "operstate": operstate}

    def _forget(self, index: int) -> None:
        """An interface is gone, and its addresses with it: of those the kernel tells only some."""
        self._carrier.pop(index, None)
        self._addresses = {held for held in self._addresses if held[0] != index}

    def _address(self, kind: int, flags: int, body: bytes) -> Iterator[_Change]:
        _, length, _, _, index = _ADDRESS.unpack_from(body)
        attributes = read_attributes(body[_ADDRESS.size :])
        address = str(ip_address(attributes.get(_IFA_LOCAL) or attributes[_IFA_ADDRESS]))
        detail = {"interface": self._name(index), "prefix_length": length}
        held = (index, address) in self._addresses
        if kind == NEWADDR and not held:  # else a lease was renewed
            self._addresses.add((index, address))
            yield "address", "add", address, detail
        elif kind == DELADDR and held:
            self._addresses.discard((index, address))
            yield "address", "del", address, detail

    def _route(self, kind: int, flags: int, body: bytes) -> Iterator[_Change]:
        family, length, _, _, table, protocol, _, kind_of_route, marks = ROUTE.unpack_from(body)
        attributes = read_attributes(body[ROUTE.size :])
        table = _number(attributes.get(_TABLE, bytes([table])))
        if marks & _CLONED or table == _LOCAL_TABLE or KINDS.get(kind_of_route) in (None, "local"):
            return
        hops = next_hops(attributes) if KINDS[kind_of_route] == "unicast" else ()
        detail = {
            "via": [[str(hop.via or ""), self._name(hop.interface)] for hop in hops],
            "protocol": PROTOCOLS.get(protocol, str(protocol)),
            "table": table,
            "metric": _number(attributes.get(_PRIORITY, b"")),
            "kind": KINDS[kind_of_route],
        }
        action = "del" if kind == DELROUTE else "replace" if flags & _REPLACES else "add"
        target = ip_address(attributes.get(_DST, _NOWHERE[family]))
        yield "route", action, f"{target}/{length}", detail

    def _name(self, index: int) -> str:
        return self._names.get(index, str(index))

    _READERS = {  # noqa: RUF012
        **dict.fromkeys((NEWLINK, DELLINK), _link),
        **dict.fromkeys((NEWADDR, DELADDR), _address),
        **dict.fromkeys((NEWROUTE, DELROUTE), _route),
    }


_Change = tuple[EventKind, str, str, dict[str, Any]]
_Reader = Callable[[Notices, int, int, bytes], Iterator[_Change]]


def _action(kind: int, known: bool | None, carrier: bool) -> str:
    """What became of a link whose carrier was ``known`` (None: there was no such link)."""
    if kind == DELLINK:
        return "gone"
    if known is None:
        return "new"
    return "" if known == carrier else "up" if carrier else "down"


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, sys.byteorder)
