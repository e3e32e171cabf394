"""A router's whole forwarding table as the plan has it: every prefix, and the ways it may take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from ipaddress import ip_network

from orchestrator.plan.addresses import Address, Prefix
from orchestrator.plan.hops import NoPath
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import RouterSettings
from orchestrator.routes.fib import delegations, stubs
from orchestrator.routes.forwarding import ForwardingPlane, Step

# An interface, and the node that packets are handed to over it; "" where that is the target itself.
Way = tuple[str, str]
# The equal ways of each prefix; none where packets to it are refused.
Table = dict[Prefix, frozenset[Way]]


def planned_table(plane: ForwardingPlane, router: Node) -> Table:
    """What a router's kernel should hold, its own addresses and what is link-local left aside.

    Later sources win where several have a prefix, as they do in BIRD: BGP, OSPF, static routes,
    its own links.
    """
    return {
        **dict(_of_bgp(plane, router)),
        **dict(_of_ospf(plane, router)),
        **{r.destination: _ways(plane, router, r.via) for r in delegations(router)},
        **_connected(router),
    }


def holders(plan: Plan) -> dict[Address, str]:
    """Who has each address that routers hand packets to: link-local ones follow from MACs, and
    are as unique as these."""
    found: dict[Address, str] = {}
    for node in plan.nodes.values():
        for port in node.interfaces:
            found[port.link_local] = node.name
            found.update({entry.ip: node.name for entry in port.addresses})
    return found


def _connected(router: Node) -> Table:
    return {
        entry.network: frozenset({(port.name, "")})
        for port in router.interfaces
        for entry in port.addresses
    }


def _of_bgp(plane: ForwardingPlane, router: Node) -> Iterator[tuple[Prefix, frozenset[Way]]]:
    for prefix in plane.control.announced:
        if router.name not in plane.control.best_routes(prefix):
            continue
        with contextlib.suppress(NoPath):
            steps = plane.steps_to(router.name, prefix)
            yield prefix, frozenset(_way(router, step) for step in steps)


def _of_ospf(plane: ForwardingPlane, router: Node) -> Iterator[tuple[Prefix, frozenset[Way]]]:
    own = {ip_network(loopback) for loopback in router.loopbacks} | set(_connected(router))
    reached = plane.control.distances(router.name)
    for name in reached:
        node = plane.plan.nodes[name]
        assert isinstance(node.settings, RouterSettings)
        for prefix, _, _ in stubs(node, node.settings):
            if prefix not in own:
                yield prefix, _ways(plane, router, prefix.network_address)


def _ways(plane: ForwardingPlane, router: Node, target: Address) -> frozenset[Way]:
    if target.is_link_local:
        return frozenset(_over_line(plane.plan, router, target))
    return frozenset(_way(router, step) for step in plane.next_hops(router.name, target))


def _over_line(plan: Plan, router: Node, target: Address) -> Iterator[Way]:
    """The line whose subscriber has a link-local address."""
    links = {port.link: port.name for port in router.interfaces}
    for node in plan.nodes.values():
        for port in node.interfaces:
            if port.link_local == target and port.link in links:
                yield links[port.link], node.name


def _way(router: Node, step: Step) -> Way:
    port = next(port for port in router.interfaces if port.link == step[0].link.name)
    return port.name, step[-1].receiver
