"""What a node does with a packet for an address: the longest prefix it knows, whoever told it.

Where lengths are the same its own links go first, then static routes, OSPF, and BGP. What BGP
tells is a next hop, which the first three resolve.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import NamedTuple

from orchestrator.plan.addresses import Address, Family, Prefix, holds, link_local
from orchestrator.plan.hops import NoPath, Step, Wires
from orchestrator.plan.kept import kept
from orchestrator.plan.model import Interface, Node, Plan, Route
from orchestrator.plan.routing import MOST_NEXT_HOPS, RouterSettings
from orchestrator.routes.bgp import ControlPlane
from orchestrator.routes.ospf import LOOPBACK
from orchestrator.routes.prefixes import PrefixIndex


class Entry(NamedTuple):
    """A line of a routing table; ``steps`` are its equal ways, best first. The longest wins,
    then the lowest rank."""

    length: int
    rank: int
    steps: Callable[[], list[Step]]


class _Stub(NamedTuple):
    """A prefix in OSPF: of a router's port, or ``external``, a subscriber's."""

    length: int
    external: bool
    router: str
    cost: int


class Tables:
    """The routing tables of a plan's nodes, entry by entry as they are asked for."""

    def __init__(self, plan: Plan, control: ControlPlane, wires: Wires) -> None:
        self._plan, self._control, self._wires = plan, control, wires

    def look_up(self, router: Node, target: Address) -> list[Step]:
        """The ways that a router has towards an address. Raises NoPath."""
        entries = [*self._without_bgp(router, target), *self._of_bgp(router, target)]
        if entries:
            return self._installed(router, _longest(entries).steps(), target.version)
        announced = next(self._control.around(target), None)
        if announced is None:
            raise NoPath(f"no AS announces {target}")
        raise NoPath(f"{router.name} has no route to {announced}")

    def look_up_static(self, here: Node, target: Address) -> list[Step]:
        """The way by a node's own links and static routes; none if they do not tell."""
        entries = list(self._static(here, target))
        return _longest(entries).steps() if entries else []

    def _static(self, here: Node, target: Address) -> Iterator[Entry]:
        for port in here.interfaces:
            for address in port.addresses:
                if holds(address.network, target):
                    steps = functools.partial(self._cross, here, port, target)
                    yield Entry(address.network.prefixlen, 0, steps)
        for route in (*here.routes, *delegations(here)):
            if holds(route.destination, target):
                yield Entry(
                    route.destination.prefixlen, 1, functools.partial(self._via, here, route)
                )

    def _cross(self, here: Node, port: Interface, target: Address) -> list[Step]:
        return [self._wires.cross(here.name, port, target)]

    def _via(self, here: Node, route: Route) -> list[Step]:
        if route.interface:
            return self._cross(here, here.interface(route.interface), route.via)
        return self._resolve(here, route.via)

    def _resolve(self, here: Node, next_hop: Address) -> list[Step]:
        entries = list(self._without_bgp(here, next_hop))
        if not entries:
            raise NoPath(f"{here.name} has no route to its next hop {next_hop}")
        return _longest(entries).steps()

    def _without_bgp(self, here: Node, target: Address) -> Iterator[Entry]:
        yield from self._static(here, target)
        settings = self._control.routers.get(here.name)
        if settings is not None:
            yield from self._of_ospf(here, settings.asn, target)

    def _of_ospf(self, here: Node, asn: int, target: Address) -> Iterator[Entry]:
        reached, many = self._control.distances(here.name), self._control.routers[here.name].ecmp
        known = [s for s in self._in_ospf(asn).around_address(target) if s.router in reached]
        best = [s for s in known if s.length == known[0].length]
        # What is external to OSPF gives way to the same prefix inside it (RFC 2328, section 11).
        best = [s for s in best if not s.external] or best
        # Without ECMP the higher router id wins, a rule of BIRD's.
        best.sort(key=lambda s: 0 if many else -int(self._control.routers[s.router].router_id))
        costs = [reached[stub.router].cost + stub.cost for stub in best]
        nearest = [s.router for s, cost in zip(best, costs, strict=True) if cost == min(costs)]
        if nearest:
            yield Entry(best[0].length, 2, functools.partial(self._towards, here, nearest))

    def _towards(self, here: Node, routers: list[str]) -> list[Step]:
        """The first hops of OSPF's shortest paths to other routers of the AS."""
        distances = self._control.distances(here.name)
        ports = dict.fromkeys(hop.interface for name in routers for hop in distances[name].first)
        return [self._wires.neighbours(here.name, here.interface(port))[0] for port in ports]

    def _of_bgp(self, here: Node, target: Address) -> Iterator[Entry]:
        prefix = self._control.lookup(here.name, target)
        if prefix is not None:
            steps = functools.partial(self._by_bgp, here, prefix, target)
            yield Entry(prefix.prefixlen, 3, steps)

    def _by_bgp(self, here: Node, prefix: Prefix, target: Address) -> list[Step]:
        steps = self.to_prefix(here, prefix)
        if not steps:
            raise NoPath(f"{here.name} announces {prefix}, and nobody in its AS has {target}")
        return steps

    def to_prefix(self, here: Node, prefix: Prefix) -> list[Step]:
        """The ways of a router's BGP routes to a prefix, best first; none to one of its own.

        Raises NoPath where a next hop cannot be resolved.
        """
        steps: dict[Step, None] = {}
        for route in self._control.equal_routes(here.name, prefix):
            if route.next_hop is not None:
                steps.update(dict.fromkeys(self._resolve(here, route.next_hop)))
        return self._installed(here, list(steps), prefix.version)

    def _installed(self, here: Node, steps: list[Step], family: Family) -> list[Step]:
        """Those of equal ways that a router's kernel is given: one without ECMP, else at most so
        many. BIRD then keeps those of the lowest gateway addresses, and of the first interfaces
        where these are the same (nest/rt-attr.c, ``nexthop_merge``)."""
        if not self._control.routers[here.name].ecmp:
            return steps[:1]
        if len(steps) <= MOST_NEXT_HOPS:
            return steps
        return sorted(steps, key=lambda s: self._gateway(here, s, family))[:MOST_NEXT_HOPS]

    def _gateway(self, here: Node, step: Step, family: Family) -> tuple[int, int]:
        """The address that a step goes to, and the number of the interface it leaves by."""
        end = step[-1].far_end
        port = self._plan.nodes[end.node].interface(end.interface)
        held = (entry.ip for entry in port.addresses if entry.version == family)
        gateway = port.link_local if family == 6 else next(held, None)
        leaving = next(p.index for p in here.interfaces if p.link == step[0].link.name)
        return int(gateway or 0), leaving

    @kept
    def _in_ospf(self, asn: int) -> PrefixIndex[_Stub]:
        """All prefixes in an AS's OSPF. A link to another AS is not: only its ends know it."""
        return PrefixIndex(
            (prefix, _Stub(prefix.prefixlen, external, name, cost))
            for name, settings in self._control.routers.items()
            if settings.asn == asn
            for prefix, cost, external in stubs(self._plan.nodes[name], settings)
        )


def _longest(entries: list[Entry]) -> Entry:
    return min(entries, key=lambda entry: (-entry.length, entry.rank))


def stubs(node: Node, settings: RouterSettings) -> Iterator[tuple[Prefix, int, bool]]:
    """What a router brings into OSPF: its loopbacks, the prefixes of its ports with their cost,
    and, as external, those that it delegated to subscribers."""
    for port in settings.ospf:
        if port.interface == LOOPBACK:
            for loopback in node.loopbacks:
                yield ip_network(loopback), port.cost, False
        else:
            for address in node.interface(port.interface).addresses:
                yield address.network, port.cost, False
    for route in delegations(node):
        yield route.destination, 0, True


def delegations(node: Node) -> tuple[Route, ...]:
    """The static routes of an access router's BIRD: each subscriber's prefix, over its line."""
    lines = getattr(node.settings, "lines", ())
    return tuple(Route(line.delegated, link_local(line.mac), line.interface) for line in lines)
