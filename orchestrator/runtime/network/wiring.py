"""Links between namespaces: veth pairs made straight where they belong, bridges, addresses.

Nothing of a lab ever shows up in the host's own namespace: each pair is created by one
netlink request that names the two namespaces its ends are born in. All of it runs on one
thread, before any thread pool works on the lab, because a namespace is a thread's.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack, suppress
from ipaddress import IPv6Interface, ip_interface
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import DeployError
from orchestrator.plan.addresses import HostAddress, holds
from orchestrator.plan.model import Endpoint, Interface, Link, Node, Plan, Route
from orchestrator.refusals import why
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.network.namespaces import (
    entered,
    path_of,
    routing_socket,
)
from orchestrator.runtime.network.neighbours import introduce_routers, is_crowded

BRIDGE, BRIDGE_INDEX = "br0", 2
_LOOPBACK = 1
# linux/if_addr.h and linux/neighbour.h
_IFA_F_NODAD = 0x02
_NUD_NOARP = 0x40
FOREVER = 0xFFFFFFFF  # a lifetime without end, in seconds
_IPV6_OFF = "/proc/sys/net/ipv6/conf/default/disable_ipv6"

# Where the namespace of each node and switch can be opened.
Namespaces = Mapping[str, str]


def namespaces_of(plan: Plan) -> dict[str, str]:
    """Where the namespace of each node, running or not, and each switch can be opened."""
    parts = (*plan.nodes, *plan.switches)
    paths = {part: path_of(system_name(plan.name, part)) for part in parts}
    return {part: path for part, path in paths.items() if Path(path).exists()}


def create_bridges(plan: Plan, namespaces: Namespaces) -> None:
    """A learning bridge in the namespace of every switch; spanning tree stays off.

    It sends nothing of its own: without IPv6 in its namespace it has no addresses to ask for.
    Nor does it follow group memberships (RFC 4541): nobody here would query them, and it might
    keep neighbour discovery from those who never reported.
    """
    for name in plan.switches:
        _silence(namespaces[name])
        with routing_socket(namespaces[name]) as socket:
            socket.link(
                "add",
                **{"ifname": BRIDGE, "kind": "bridge", "index": BRIDGE_INDEX},
                br_stp_state=0,
                br_mcast_snooping=0,
            )
            socket.link("set", index=BRIDGE_INDEX, state="up")


def _silence(namespace: str) -> None:
    """Turn IPv6 off for every interface that is yet to come; a kernel without it is as silent."""
    with entered(namespace), suppress(FileNotFoundError):
        Path(_IPV6_OFF).write_text("1")


def create_pairs(plan: Plan, links: Iterable[Link], namespaces: Namespaces) -> None:
    """A veth pair for each link, its ends still down and without addresses."""
    with ExitStack() as stack, IPRoute() as socket:
        opened: dict[str, int] = {}
        for link in links:
            for end in (link.a, link.b):
                if end.node not in opened:
                    descriptor = os.open(namespaces[end.node], os.O_RDONLY)
                    stack.callback(os.close, descriptor)
                    opened[end.node] = descriptor
            _create_pair(plan, link, opened, socket)


def configure_ends(
    plan: Plan, links: Collection[Link], namespaces: Namespaces, left_out: Collection[str] = ()
) -> None:
    """Give the interfaces at the ends of links addresses and routes, and take them up; those of
    the nodes ``left_out`` stay as they are."""
    by_node: dict[str, list[Endpoint]] = {}
    for link in links:
        for end in (link.a, link.b):
            by_node.setdefault(end.node, []).append(end)
    for node, ends in by_node.items():
        if node not in left_out:
            _configure(plan, node, ends, namespaces[node])
    if is_crowded(plan):
        introduce_routers(plan, links, namespaces)


def _create_pair(plan: Plan, link: Link, opened: Mapping[str, int], socket: IPRoute) -> None:
    a, b = interface_at(plan, link.a), interface_at(plan, link.b)
    peer = [
        ("IFLA_IFNAME", b.name),
        ("IFLA_ADDRESS", b.mac),
        ("IFLA_MTU", link.mtu),
        ("IFLA_NET_NS_FD", opened[link.b.node]),
    ]
    try:
        socket.link(
            "add",
            kind="veth",
            ifname=a.name,
            index=a.index,
            address=a.mac,
            mtu=link.mtu,
            net_ns_fd=opened[link.a.node],
            VETH_INFO_PEER={"index": b.index, "attrs": peer},
        )
    except NetlinkError as error:
        raise DeployError(f"link {link.name} ({link.a} to {link.b}): {why(error)}") from error


def remove_links(plan: Plan, links: Iterable[Link], namespaces: Namespaces) -> None:
    """Remove what is left of links; an end that is gone already took its peer along."""
    for link in links:
        for end in (link.a, link.b):
            with routing_socket(namespaces[end.node]) as socket:
                try:
                    socket.link("del", index=interface_at(plan, end).index)
                except NetlinkError as error:
                    if error.code != errno.ENODEV:
                        raise


def interface_at(plan: Plan, end: Endpoint) -> Interface:
    """The interface that an endpoint names, of a node or a switch."""
    if end.node in plan.nodes:
        return plan.nodes[end.node].interface(end.interface)
    return next(port for port in plan.switches[end.node].ports if port.name == end.interface)


def _configure(plan: Plan, name: str, ends: list[Endpoint], namespace: str) -> None:
    interfaces = [interface_at(plan, end) for end in ends]
    with routing_socket(namespace) as socket:
        if name in plan.switches:
            for port in interfaces:
                socket.link("set", index=port.index, master=BRIDGE_INDEX, state="up")
            return
        node = plan.nodes[name]
        _raise_loopback(socket, node)
        for interface in interfaces:
            for address in interface.addresses:
                give_address(socket, interface.index, address)
            socket.link("set", index=interface.index, state="up")
        _install_routes(socket, node.routes, interfaces)


def _raise_loopback(socket: IPRoute, node: Node) -> None:
    socket.link("set", index=_LOOPBACK, state="up")
    for address in node.loopbacks:
        give_address(socket, _LOOPBACK, ip_interface(address))
    for address in node.anycast:
        # Deprecated: nothing that the node itself asks may come from it (RFC 6724, rule 3), since
        # the answer would go to whichever of those that share it is nearest.
        give_address(socket, _LOOPBACK, ip_interface(address), preferred_s=0)


def give_address(
    socket: IPRoute,
    index: int,
    address: HostAddress,
    preferred_s: int = FOREVER,
    valid_s: int = FOREVER,
) -> None:
    """Give an interface an address, or let the one it has live anew.

    Addresses of a lab are planned, so that none has to wait until it is seen to be unique
    (duplicate address detection, RFC 4862): an IPv6 address is good at once.
    """
    extra: dict[str, object] = {}
    if isinstance(address, IPv6Interface):
        extra["flags"] = _IFA_F_NODAD
    elif address.network.prefixlen < 31:
        extra["broadcast"] = str(address.network.broadcast_address)
    socket.addr(
        "replace",
        **{"index": index, "address": str(address.ip), "prefixlen": address.network.prefixlen},
        preferred_lft=preferred_s,
        valid_lft=valid_s,
        **extra,
    )


def _install_routes(
    socket: IPRoute, routes: Iterable[Route], interfaces: Iterable[Interface]
) -> None:
    """Routes whose next hop is on one of ``interfaces``; the others still stand."""
    for route in routes:
        for port in interfaces:
            if _leads_over(route, port):
                socket.route(
                    "replace", dst=str(route.destination), gateway=str(route.via), oif=port.index
                )


def _leads_over(route: Route, port: Interface) -> bool:
    if route.interface:
        return route.interface == port.name
    return any(holds(address.network, route.via) for address in port.addresses)


def forget_neighbours(namespace: str) -> None:
    """Empty the neighbour caches of a namespace: ARP's (RFC 826) and IPv6's (RFC 4861)."""
    with routing_socket(namespace) as socket:
        for family in (AF_INET, AF_INET6):
            for entry in socket.get_neighbours(family=family):
                if not entry["state"] & _NUD_NOARP:
                    _forget(socket, family, entry)


def _forget(socket: IPRoute, family: int, entry: Any) -> None:
    try:
        socket.neigh("del", family=family, dst=entry.get_attr("NDA_DST"), ifindex=entry["ifindex"])
    except NetlinkError as error:
        if error.code != errno.ENOENT:  # the kernel was first
            raise
