"""What changes in a namespace, out of what its kernel says of it; routes are those of test_fib."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address
from typing import Any

import pytest

from orchestrator.runtime.kernel.netlink import read_messages
from orchestrator.runtime.kernel.notices import (
    DELADDR,
    DELLINK,
    DELROUTE,
    NEWADDR,
    NEWLINK,
    NEWROUTE,
    Notices,
)
from tests.unit.runtime.kernel.test_fib import ENTRY, ENTRY6, LOCAL

UP, CARRIER, REPLACE, LOOPBACK, ETHERNET = 0x1, 0x10000, 0x100, 772, 1


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def link(index: int, name: str, carrier: bool, family: int = 0, hardware: int = ETHERNET) -> bytes:
    flags = UP | (CARRIER if carrier else 0)
    operstate = attribute(16, bytes([6 if carrier else 2]))
    body = struct.pack("=BxHiII", family, hardware, index, flags, 0)
    return body + attribute(3, name.encode() + b"\0") + operstate


def address(index: int, text: str, length: int) -> bytes:
    packed = ip_address(text).packed
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return struct.pack("=4BI", family, length, 0, 0, index) + attribute(1, packed)


def told(notices: Notices, *messages: tuple[int, bytes], flags: int = 0) -> list[tuple[Any, ...]]:
    return [
        (event.kind, event.action, event.subject)
        for kind, body in messages
        for event in notices.read(1, kind, flags, body)
    ]


def test_a_link_is_told_when_its_carrier_changes_and_not_when_it_is_mentioned() -> None:
    notices = Notices("core")
    assert told(notices, (NEWLINK, link(7, "eth0", True))) == [("link", "new", "eth0")]
    assert told(notices, (NEWLINK, link(7, "eth0", True))) == []
    assert told(notices, (NEWLINK, link(7, "eth0", False))) == [("link", "down", "eth0")]
    assert told(notices, (NEWLINK, link(7, "eth0", True))) == [("link", "up", "eth0")]
    assert told(notices, (DELLINK, link(7, "eth0", True))) == [("link", "gone", "eth0")]


def test_the_state_of_a_link_is_in_the_detail() -> None:
    (event,) = Notices("core").read(5, NEWLINK, 0, link(7, "eth0", False))
    assert (event.time_ns, event.node) == (5, "core")
    assert event.detail == {"carrier": False, "operstate": "down"}


def test_loopbacks_and_what_a_bridge_says_of_its_ports_are_no_links() -> None:
    notices = Notices("ix")
    assert told(notices, (NEWLINK, link(1, "lo", True, hardware=LOOPBACK))) == []
    assert told(notices, (NEWLINK, link(3, "port0", True, family=socket.AF_BRIDGE))) == []


def test_an_address_that_is_renewed_is_not_new() -> None:
    notices, held = Notices("laptop"), address(7, "192.168.1.100", 24)
    added, gone = ("address", "add", "192.168.1.100"), ("address", "del", "192.168.1.100")
    assert told(notices, (NEWADDR, held), (NEWADDR, held)) == [added]
    assert told(notices, (DELADDR, held), (DELADDR, held)) == [gone]


def test_addresses_go_with_their_link() -> None:
    notices, held = Notices("laptop"), address(7, "2001:db8::1", 64)
    told(notices, (NEWLINK, link(7, "eth0", True)), (NEWADDR, held), (DELLINK, link(7, "eth0", 0)))
    assert told(notices, (NEWADDR, held)) == [("address", "add", "2001:db8::1")]


def routed(message: str, kind: int = NEWROUTE, flags: int = 0) -> list[Any]:
    notices = Notices("core")
    for index, name in ((114, "eth0"), (116, "eth1")):
        told(notices, (NEWLINK, link(index, name, True)))
    [(_, _, body)] = read_messages(bytes.fromhex(message))
    return list(notices.read(1, kind, flags, body))


@pytest.mark.parametrize(
    ("kind", "flags", "action"),
    [(NEWROUTE, 0, "add"), (NEWROUTE, REPLACE, "replace"), (DELROUTE, 0, "del")],
)
def test_a_route_is_told_with_all_its_next_hops(kind: int, flags: int, action: str) -> None:
    (event,) = routed(ENTRY, kind, flags)
    assert (event.kind, event.action, event.subject) == ("route", action, "198.18.24.0/22")
    assert event.detail == {
        "via": [["198.18.10.3", "eth0"], ["198.18.10.5", "eth1"]],
        "protocol": "bird",
        "table": 254,
        "metric": 32,
        "kind": "unicast",
    }


def test_a_route_of_ipv6_is_written_as_python_writes_it() -> None:
    (event,) = routed(ENTRY6)
    assert event.subject == "3fff:6::/32"
    assert event.detail["via"][0] == ["fe80::4c:ff:fe09:0", "eth1"]


def test_what_a_node_is_itself_is_no_route() -> None:
    assert routed(LOCAL) == []


def test_a_datagram_may_hold_several_messages() -> None:
    twice = bytes.fromhex(ENTRY) + bytes.fromhex(LOCAL)
    assert [kind for kind, _, _ in read_messages(twice)] == [NEWROUTE, NEWROUTE]
