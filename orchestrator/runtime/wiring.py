"""Links between namespaces: veth pairs made straight where they belong, bridges, addresses.

Nothing of a lab ever shows up in the host's own namespace: each pair is created by one
netlink request that names the two namespaces its ends are born in. All of it runs on one
thread, before any thread pool works on the lab, because a namespace is a thread's.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import DeployError
from orchestrator.plan.model import Endpoint, Interface, Link, Plan, Route
from orchestrator.runtime.containers import Container
from orchestrator.runtime.namespaces import path_of, routing_socket, switch_namespace

BRIDGE, BRIDGE_INDEX = "br0", 2
_LOOPBACK = 1
_NUD_NOARP = 0x40  # an entry that ARP has no part in (rtnetlink(7))

# Where the namespace of each node and switch can be opened.
Namespaces = Mapping[str, str]


def namespaces_of(plan: Plan, containers: Mapping[str, Container]) -> dict[str, str]:
    """Where the namespace of each running node and each switch can be opened."""
    running = {name: c.namespace for name, c in containers.items() if c.running}
    switches = {name: path_of(switch_namespace(plan.name, name)) for name in plan.switches}
    return running | {name: path for name, path in switches.items() if Path(path).exists()}


def create_bridges(plan: Plan, namespaces: Namespaces) -> None:
    """A learning bridge in the namespace of every switch; spanning tree stays off."""
    for name in plan.switches:
        with routing_socket(namespaces[name]) as socket:
            socket.link("add", ifname=BRIDGE, kind="bridge", index=BRIDGE_INDEX, br_stp_state=0)
            socket.link("set", index=BRIDGE_INDEX, state="up")


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


def configure_ends(plan: Plan, links: Iterable[Link], namespaces: Namespaces) -> None:
    """Give the interfaces at the ends of links addresses and routes, and take them up."""
    by_node: dict[str, list[Endpoint]] = {}
    for link in links:
        for end in (link.a, link.b):
            by_node.setdefault(end.node, []).append(end)
    for node, ends in by_node.items():
        _configure(plan, node, ends, namespaces[node])


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
        raise DeployError(f"link {link.name} ({link.a} to {link.b}): {error}") from error


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
        _raise_loopback(socket, str(node.loopback) if node.loopback else "")
        for interface in interfaces:
            _address(socket, interface)
        _install_routes(socket, node.routes, interfaces)


def _raise_loopback(socket: IPRoute, address: str) -> None:
    socket.link("set", index=_LOOPBACK, state="up")
    if address:
        socket.addr("replace", index=_LOOPBACK, address=address, prefixlen=32)


def _address(socket: IPRoute, interface: Interface) -> None:
    for address in interface.addresses:
        prefix = address.network.prefixlen
        extra = {"broadcast": str(address.network.broadcast_address)} if prefix < 31 else {}
        socket.addr(
            "replace", index=interface.index, address=str(address.ip), prefixlen=prefix, **extra
        )
    socket.link("set", index=interface.index, state="up")


def _install_routes(
    socket: IPRoute, routes: Iterable[Route], interfaces: Iterable[Interface]
) -> None:
    """Routes whose next hop is on one of ``interfaces``; the others still stand."""
    networks = [address.network for port in interfaces for address in port.addresses]
    for route in routes:
        if any(route.via in network for network in networks):
            socket.route("replace", dst=str(route.destination), gateway=str(route.via))


@dataclass(frozen=True)
class Held:
    """What an interface holds beside what the plan gives it: by DHCP, or by hand."""

    namespace: str
    index: int
    addresses: tuple[tuple[str, int], ...]
    gateways: tuple[str, ...]


def addresses_of(plan: Plan, link: Link, namespaces: Namespaces) -> list[Held]:
    """What the ends of a link hold now; only nodes' ends hold anything."""
    return [
        _held(namespaces[end.node], interface_at(plan, end).index)
        for end in (link.a, link.b)
        if end.node in plan.nodes
    ]


def _held(namespace: str, index: int) -> Held:
    with routing_socket(namespace) as socket:
        addresses = [
            (str(entry.get_attr("IFA_LOCAL")), int(entry["prefixlen"]))
            for entry in socket.get_addr(family=AF_INET, index=index)
        ]
        gateways = [
            str(route.get_attr("RTA_GATEWAY"))
            for route in socket.get_default_routes(family=AF_INET)
            if route.get_attr("RTA_OIF") == index
        ]
    return Held(namespace, index, tuple(addresses), tuple(gateways))


def restore_addresses(held: Iterable[Held]) -> None:
    """Give interfaces that were made anew back what they held."""
    for one in held:
        with routing_socket(one.namespace) as socket:
            for address, prefix in one.addresses:
                socket.addr("replace", index=one.index, address=address, prefixlen=prefix)
            for gateway in one.gateways:
                socket.route("replace", dst="default", gateway=gateway, oif=one.index)


def forget_neighbours(namespace: str) -> None:
    """Empty the ARP cache of a namespace (RFC 826)."""
    with routing_socket(namespace) as socket:
        for entry in socket.get_neighbours(family=AF_INET):
            if not entry["state"] & _NUD_NOARP:
                socket.neigh("del", dst=entry.get_attr("NDA_DST"), ifindex=entry["ifindex"])
