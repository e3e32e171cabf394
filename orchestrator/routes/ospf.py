"""OSPF inside each AS: shortest paths, all first hops of equal cost (RFC 2328, section 16).

Which of equal paths a router without ECMP takes is nobody's rule but BIRD's: of routers at the
same distance the one found last is looked at first, links in the order of their interfaces, and
what was found first stays (proto/ospf/rt.c, ``add_cand``).
"""

from __future__ import annotations

import itertools
from heapq import heappop, heappush
from typing import NamedTuple

from orchestrator.plan.addresses import holds
from orchestrator.plan.kept import kept
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import OspfPort, RouterSettings

LOOPBACK = "lo"


class FirstHop(NamedTuple):
    """A neighbouring router, and our interface towards it."""

    node: str
    interface: str


class Distance(NamedTuple):
    """The cost to a router of the AS, and every first hop that leads there at that cost."""

    cost: int
    first: tuple[FirstHop, ...]


class Interior:
    """The distances between the routers of each AS, worked out when asked for."""

    def __init__(self, plan: Plan) -> None:
        self.routers = {
            node.name: node.settings
            for node in plan.nodes.values()
            if isinstance(node.settings, RouterSettings)
        }
        self._adjacent = _adjacency(plan, self.routers)
        self._stubs = {
            node.name: _stubs_of(plan, node) for node in plan.nodes.values() if node.speaker
        }

    @kept
    def distances(self, source: str) -> dict[str, Distance]:
        """Cost and first hops from a router to each router of its AS that it can reach; one first
        hop where ECMP is off."""
        costs, first = {source: 0}, {source: set[FirstHop]()}
        done, many = set[str](), self.routers[source].ecmp
        latest_first = itertools.count(step=-1)
        queue = [(0, next(latest_first), source)]
        while queue:
            cost, _, name = heappop(queue)
            if name in done:
                continue
            done.add(name)
            for hop, step in self._adjacent[name]:
                hops, known = first[name] or {hop}, costs.get(hop.node)
                if known is None or cost + step < known:
                    costs[hop.node], first[hop.node] = cost + step, set(hops)
                    heappush(queue, (cost + step, next(latest_first), hop.node))
                elif cost + step == known and hop.node != source and many:
                    first[hop.node] |= hops
        return {name: Distance(costs[name], tuple(sorted(first[name]))) for name in costs}

    @kept
    def metric(self, source: str, target: str) -> int | None:
        """What a next hop at ``target`` costs a router: a router's loopback, or the address of a
        speaker, which is in OSPF as a stub of the router before it. None if it is out of reach."""
        stubs = self._stubs.get(target)
        if stubs is None:
            stubs = [(target, _port_cost(self.routers[target], LOOPBACK) or 0)]
        reached = self.distances(source)
        costs = [reached[router].cost + cost for router, cost in stubs if router in reached]
        return min(costs, default=None)


def _adjacency(
    plan: Plan, routers: dict[str, RouterSettings]
) -> dict[str, list[tuple[FirstHop, int]]]:
    """The neighbours of each router inside its AS, with the cost to get there, in the order of
    its interfaces."""
    spoken: dict[tuple[str, str], OspfPort] = {
        (name, port.interface): port
        for name, settings in routers.items()
        for port in settings.ospf
        if not port.stub
    }
    adjacent: dict[str, list[tuple[FirstHop, int]]] = {name: [] for name in routers}
    for link in plan.links.values():
        for here, there in ((link.a, link.b), (link.b, link.a)):
            port = spoken.get((here.node, here.interface))
            if port is not None and (there.node, there.interface) in spoken:
                adjacent[here.node].append((FirstHop(there.node, here.interface), port.cost))
    for name, hops in adjacent.items():
        indexes = {port.name: port.index for port in plan.nodes[name].interfaces}
        hops.sort(key=lambda each: indexes[each[0].interface])
    return adjacent


def _stubs_of(plan: Plan, node: Node) -> list[tuple[str, int]]:
    """The routers before a node that speaks BGP, each with the cost of its port to the node."""
    assert node.speaker is not None
    stubs: dict[str, int] = {}
    for session in node.speaker.sessions:
        router = plan.nodes[session.neighbour_node]
        assert isinstance(router.settings, RouterSettings)
        for port in router.interfaces:
            if any(holds(entry.network, session.local) for entry in port.addresses):
                stubs[router.name] = _port_cost(router.settings, port.name) or 0
    return list(stubs.items())


def _port_cost(settings: RouterSettings, interface: str) -> int | None:
    return next((port.cost for port in settings.ospf if port.interface == interface), None)
