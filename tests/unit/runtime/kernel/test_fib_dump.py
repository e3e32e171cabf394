"""Routes as the kernel dumps them, by the messages of test_fib.py."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from orchestrator.records.testimony import ForwardingEntry, NextHop
from orchestrator.runtime.kernel.fib_dump import read_entries
from tests.unit.runtime.kernel.test_fib import DEFAULT, ENTRY, ENTRY6, LOCAL

NAMES = {114: "eth0", 116: "eth1", 198: "wan"}
_HEADER_BYTES = 16


def entries(message: str) -> list[ForwardingEntry]:
    return list(read_entries(bytes.fromhex(message)[_HEADER_BYTES:], NAMES))


def hop(via: str, interface: str) -> NextHop:
    return NextHop(ip_address(via), interface)


@pytest.mark.parametrize(
    ("message", "prefix", "hops"),
    [
        (ENTRY, "198.18.24.0/22", (hop("198.18.10.3", "eth0"), hop("198.18.10.5", "eth1"))),
        (
            ENTRY6,
            "3fff:6::/32",
            (hop("fe80::4c:ff:fe09:0", "eth1"), hop("fe80::4c:ff:fe08:0", "eth0")),
        ),
        (DEFAULT, "0.0.0.0/0", (hop("192.168.1.1", "wan"),)),
    ],
)
def test_a_route_is_told_with_its_prefix_and_next_hops(
    message: str, prefix: str, hops: tuple[NextHop, ...]
) -> None:
    (entry,) = entries(message)
    assert (entry.prefix, entry.next_hops) == (ip_network(prefix), hops)


def test_the_metric_and_the_protocol_are_kept() -> None:
    (entry,) = entries(ENTRY)
    assert (entry.protocol, entry.kind, entry.metric) == ("bird", "unicast", 32)


def test_addresses_of_the_node_itself_are_no_routes() -> None:
    assert entries(LOCAL) == []
