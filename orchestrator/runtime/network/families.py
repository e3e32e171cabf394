"""A node that can use one address family only, for a while.

It is what a host in a network of one family has: no route beyond its LAN over the other. A browser
notices and does not even ask for the other's addresses. The routes are marked as ours, so that
those of a visit that was killed are found again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import AF_INET, AF_INET6

from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl import rt_type

from orchestrator.plan.addresses import Family
from orchestrator.runtime.network.namespaces import routing_socket

# Both halves of a family's addresses: more specific than its default route, and less than a LAN's.
_HALVES: dict[Family, tuple[str, str]] = {4: ("0.0.0.0/1", "128.0.0.0/1"), 6: ("::/1", "8000::/1")}
_OTHER: dict[Family, Family] = {4: 6, 6: 4}
_SOCKET_FAMILIES: dict[Family, int] = {4: AF_INET, 6: AF_INET6}
# Who made a route (rtnetlink(7), rtm_protocol): a number that nobody has registered.
_OURS = 77


@contextmanager
def only_family(namespace: str, family: Family | None) -> Iterator[None]:
    """What lies beyond the LAN is reached over ``family`` alone; None leaves both.

    One at a time: who begins lifts what an earlier one may have left.
    """
    lift(namespace)
    try:
        if family:
            with routing_socket(namespace) as socket:
                for half in _HALVES[_OTHER[family]]:
                    socket.route("replace", dst=half, type=rt_type["unreachable"], proto=_OURS)
        yield
    finally:
        lift(namespace)


def held_back(namespace: str) -> set[Family]:
    """The families that lead nowhere beyond the LAN, because somebody wants it so."""
    with routing_socket(namespace) as socket:
        return {
            family
            for family, number in _SOCKET_FAMILIES.items()
            if list(socket.get_routes(family=number, proto=_OURS))
        }


def lift(namespace: str) -> None:
    """Let a node reach both families again; fine where it does."""
    for family in held_back(namespace):
        with routing_socket(namespace) as socket, suppress(NetlinkError):
            for half in _HALVES[family]:
                socket.route("del", dst=half, type=rt_type["unreachable"], proto=_OURS)
