"""Two namespaces and the link between them, new for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pyroute2 import IPRoute

from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
)
from tests.netem.link import End, Link

_MACS = ("02:00:00:00:00:0a", "02:00:00:00:00:0b")
_NUD_PERMANENT = 0x80  # rtnetlink(7)


@pytest.fixture
def link() -> Iterator[Link]:
    """A veth pair, up and addressed; what goes from a to b is what tests impair."""
    names = [f"clicklab-netem-{os.getpid()}-{end}" for end in "ab"]
    ends = [End(path_of(name), 11 + i, f"198.18.0.{1 + i}") for i, name in enumerate(names)]
    for name in names:
        create_namespace(name)
    try:
        _create_pair(*ends)
        _configure(ends[0], ends[1], _MACS[1])
        _configure(ends[1], ends[0], _MACS[0])
        yield Link(*ends)
    finally:
        for name in names:
            remove_namespace(name)


def _create_pair(a: End, b: End) -> None:
    for end in (a, b):
        # Router solicitations would be counted among a test's own frames.
        with suppress(FileNotFoundError), entered(end.namespace):
            Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    with _routing_socket(a) as socket, Path(b.namespace).open() as b_namespace:
        attributes = [("IFLA_ADDRESS", _MACS[1]), ("IFLA_NET_NS_FD", b_namespace.fileno())]
        peer = {"index": b.index, "attrs": attributes}
        socket.link("add", kind="veth", index=a.index, address=_MACS[0], VETH_INFO_PEER=peer)


def _configure(end: End, other: End, mac: str) -> None:
    with _routing_socket(end) as socket:
        socket.addr("add", index=end.index, address=end.address, prefixlen=30)
        socket.link("set", index=end.index, state="up")
        # A known neighbour: no ARP is lost or delayed beside what a test sends.
        socket.neigh("add", dst=other.address, lladdr=mac, ifindex=end.index, state=_NUD_PERMANENT)


def _routing_socket(end: End) -> IPRoute:
    with entered(end.namespace):
        return IPRoute()
