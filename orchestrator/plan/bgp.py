"""BGP and OSPF as pure computation, router by router: what BIRD will choose, before it runs.

Per origin AS, routes spread in rounds until nothing changes, as they do between the daemons.
A router prefers, in this order (BIRD's user guide, section "BGP", route selection):

    higher local preference (customer, peer, provider) → shorter AS path → learnt over eBGP →
    nearer next hop (OSPF) → lower router id of who told it → lower address of who told it

Every router in an AS hears the others' eBGP routes over iBGP, with the border router itself as
next hop; what came over iBGP is not passed on inside the AS.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from heapq import heappop, heappush
from ipaddress import IPv4Address

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import BgpSession, OspfPort, RouterSettings

# The import filters of render/templates/router/bird.conf set the same.
LOCAL_PREFERENCE = {"customer": 300, "peer": 200, "provider": 100}


@dataclass(frozen=True)
class BgpRoute:
    """A router's best route to an origin. ``as_path`` starts with the neighbour's ASN.

    ``border`` is the router of the own AS that holds the eBGP session ``session``; both are
    empty for the origin's own prefix.
    """

    as_path: tuple[int, ...]
    relation: str
    border: str
    session: BgpSession | None
    told_by: tuple[IPv4Address, IPv4Address] | None


class ControlPlane:
    """The routers of a plan, with their distances and neighbours worked out once."""

    def __init__(self, plan: Plan) -> None:
        self.routers = {node.name: _settings(node) for node in plan.with_role("router")}
        self._mates = {
            name: tuple(plan.systems[settings.asn].routers)
            for name, settings in self.routers.items()
        }
        self._adjacent = _adjacency(plan, self.routers)

    @functools.cache  # noqa: B019 (one control plane per question, gone with it)
    def distances(self, source: str) -> dict[str, tuple[int, str]]:
        """OSPF cost and first hop from a router to each router of its AS."""
        found: dict[str, tuple[int, str]] = {}
        queue = [(0, source, "")]
        while queue:
            cost, name, first = heappop(queue)
            if name not in found:
                found[name] = (cost, first)
                for other, step in self._adjacent[name]:
                    heappush(queue, (cost + step, other, first or other))
        return found

    @functools.cache  # noqa: B019
    def best_routes(self, origin: int) -> dict[str, BgpRoute]:
        """Each router's best route to the prefix of AS ``origin``; no entry where there is none."""
        own = BgpRoute((), "internal", "", None, None)
        best = {name: own for name, s in self.routers.items() if s.asn == origin}
        sources = frozenset(best)
        while True:
            chosen = {name: best[name] for name in sources}
            for name in self.routers.keys() - sources:
                candidates = self._candidates(name, best)
                if candidates:
                    chosen[name] = min(candidates, key=lambda r: self._rank(name, r))
            if chosen == best:
                return best
            best = chosen

    def _candidates(self, name: str, best: dict[str, BgpRoute]) -> list[BgpRoute]:
        external = self._external(name, best)
        for mate in self._mates[name]:
            if mate != name:
                external += self._from_mate(name, mate, best)
        return external

    def _external(self, name: str, best: dict[str, BgpRoute]) -> list[BgpRoute]:
        own = self.routers[name].asn
        routes = []
        for session in self.routers[name].sessions:
            told = best.get(session.neighbour_node)
            if session.relation == "internal" or told is None or own in told.as_path:
                continue
            # Seen from the neighbour: to a customer it tells all, to others its customers' only.
            if session.relation == "provider" or told.relation in ("internal", "customer"):
                path = (session.neighbour_asn, *told.as_path)
                teller = self.routers[session.neighbour_node].router_id, session.neighbour
                routes.append(BgpRoute(path, session.relation, name, session, teller))
        return routes

    def _from_mate(self, name: str, mate: str, best: dict[str, BgpRoute]) -> list[BgpRoute]:
        route = best.get(mate)
        if route is None or route.border != mate:
            return []
        teller = self.routers[mate].router_id, self.routers[mate].router_id
        return [BgpRoute(route.as_path, route.relation, mate, route.session, teller)]

    def _rank(self, name: str, route: BgpRoute) -> tuple[object, ...]:
        over_ibgp = route.border != name
        return (
            -LOCAL_PREFERENCE[route.relation],
            len(route.as_path),
            over_ibgp,
            self.distances(name)[route.border][0] if over_ibgp else 0,
            route.told_by,
        )


def _settings(node: Node) -> RouterSettings:
    assert isinstance(node.settings, RouterSettings)
    return node.settings


def _adjacency(plan: Plan, routers: dict[str, RouterSettings]) -> dict[str, list[tuple[str, int]]]:
    """The neighbours of each router inside its AS, with the cost to get there."""
    spoken: dict[tuple[str, str], OspfPort] = {
        (name, port.interface): port
        for name, settings in routers.items()
        for port in settings.ospf
        if not port.stub
    }
    adjacent: dict[str, list[tuple[str, int]]] = {name: [] for name in routers}
    for link in plan.links.values():
        for here, there in ((link.a, link.b), (link.b, link.a)):
            port = spoken.get((here.node, here.interface))
            if port is not None and (there.node, there.interface) in spoken:
                adjacent[here.node].append((there.node, port.cost))
    return adjacent
