"""A node that can use one address family only, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyroute2.netlink.rtnl import rt_type

from orchestrator.plan.addresses import Family
from orchestrator.runtime.network.namespaces import routing_socket

# Both halves of a family's addresses: more specific than its default route, and less than a LAN's.
_HALVES: dict[Family, tuple[str, str]] = {4: ("0.0.0.0/1", "128.0.0.0/1"), 6: ("::/1", "8000::/1")}
_OTHER: dict[Family, Family] = {4: 6, 6: 4}


@contextmanager
def only_family(namespace: str, family: Family | None) -> Iterator[None]:
    """What lies beyond the LAN is reached over ``family`` alone; None leaves both.

    It is what a host in a network of one family has: no route. A browser notices and does not
    even ask for the other's addresses.
    """
    halves = _HALVES[_OTHER[family]] if family else ()
    try:
        for half in halves:
            _change("replace", namespace, half)
        yield
    finally:
        for half in halves:
            _change("del", namespace, half)


def _change(verb: str, namespace: str, half: str) -> None:
    with routing_socket(namespace) as socket:
        socket.route(verb, dst=half, type=rt_type["unreachable"])
