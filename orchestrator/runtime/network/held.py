"""What an interface holds beside what the plan gives it, and how it gets it back.

A link that is made anew has new interfaces. What their owners had from DHCP, from router
advertisements or by hand would be gone until these come round again, which can take minutes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_interface
from socket import AF_INET, AF_INET6
from typing import Any

from pyroute2 import IPRoute

from orchestrator.plan.addresses import HostAddress
from orchestrator.plan.model import Link, Plan
from orchestrator.runtime.network.namespaces import routing_socket
from orchestrator.runtime.network.wiring import Namespaces, give_address, interface_at

# linux/rtnetlink.h: who made a route. The kernel and BIRD make theirs again by themselves.
_RTPROT_KERNEL, _RTPROT_RA, _RTPROT_BIRD = 2, 9, 12
_OWN_BUSINESS = (_RTPROT_KERNEL, _RTPROT_BIRD)
_RT_TABLE_MAIN, _SCOPE_UNIVERSE = 254, 0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")  # the unit of a route's ages


@dataclass(frozen=True)
class HeldAddress:
    """An address and what is left of its two lifetimes (RFC 4862, 5.5.4)."""

    address: HostAddress
    preferred_s: int
    valid_s: int


@dataclass(frozen=True)
class HeldRoute:
    """A route over a gateway; ``expires_s`` is 0 where it does not expire."""

    destination: str
    gateway: str
    metric: int
    protocol: int
    expires_s: int


@dataclass(frozen=True)
class Held:
    """What one interface holds."""

    node: str
    namespace: str
    index: int
    addresses: tuple[HeldAddress, ...]
    routes: tuple[HeldRoute, ...]


def addresses_of(plan: Plan, link: Link, namespaces: Namespaces) -> list[Held]:
    """What the ends of a link hold now; only nodes' ends hold anything."""
    return [
        _held(end.node, namespaces[end.node], interface_at(plan, end).index)
        for end in (link.a, link.b)
        if end.node in plan.nodes
    ]


def _held(node: str, namespace: str, index: int) -> Held:
    with routing_socket(namespace) as socket:
        addresses = [
            _held_address(entry)
            for entry in socket.get_addr(index=index)
            if entry["scope"] == _SCOPE_UNIVERSE
        ]
        routes = [
            _held_route(entry)
            for family in (AF_INET, AF_INET6)
            for entry in socket.get_routes(family=family, table=_RT_TABLE_MAIN, oif=index)
            if entry.get_attr("RTA_GATEWAY") and entry["proto"] not in _OWN_BUSINESS
        ]
    return Held(node, namespace, index, tuple(addresses), tuple(routes))


def _held_address(entry: Any) -> HeldAddress:
    written = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
    lifetimes = entry.get_attr("IFA_CACHEINFO")
    return HeldAddress(
        ip_interface(f"{written}/{entry['prefixlen']}"),
        lifetimes["ifa_preferred"],
        lifetimes["ifa_valid"],
    )


def _held_route(entry: Any) -> HeldRoute:
    nowhere = "::" if entry["family"] == AF_INET6 else "0.0.0.0"
    ages = entry.get_attr("RTA_CACHEINFO") or {}
    return HeldRoute(
        f"{entry.get_attr('RTA_DST') or nowhere}/{entry['dst_len']}",
        entry.get_attr("RTA_GATEWAY"),
        entry.get_attr("RTA_PRIORITY") or 0,
        entry["proto"],
        ages.get("rta_expires", 0) // _TICKS_PER_S,
    )


def restore_addresses(held: Iterable[Held]) -> None:
    """Give interfaces that were made anew back what they held."""
    for one in held:
        with routing_socket(one.namespace) as socket:
            for entry in one.addresses:
                give_address(socket, one.index, entry.address, entry.preferred_s, entry.valid_s)
            for route in one.routes:
                _restore_route(socket, one.index, route)


def _restore_route(socket: IPRoute, index: int, route: HeldRoute) -> None:
    # The kernel stops reading an advertisement whose route somebody else has put there, so
    # that one only stands in, one metric behind, until the next advertisement or its own end.
    stands_in = route.protocol == _RTPROT_RA
    extra = {"expires": struct.pack("=I", route.expires_s)} if route.expires_s else {}
    socket.route(
        "replace",
        **{"dst": route.destination, "gateway": route.gateway, "oif": index},
        priority=route.metric + stands_in,
        proto=route.protocol,
        **extra,
    )
