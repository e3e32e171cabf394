"""Which of the routes to a prefix a router uses, and why: BIRD's order.

    higher local preference → shorter AS path → lower MED, among routes from the same
    neighbouring AS → eBGP before iBGP → lower interior cost to the next hop → lower router id of
    who brought it into the AS → fewer reflectors passed → lower address of who told

That is RFC 4271, section 9.1.2.2, and RFC 4456, section 9, as BIRD 2.17 does them (user's guide,
"BGP", route selection rules) with ``deterministic med`` on, ``med metric`` and ``prefer older``
off. MED is no order among all routes, since those of different ASes do not compare: so each
neighbouring AS's best is found first, and the best of these next.

``merge paths`` lets the kernel use more than one: those alike down to the interior cost.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

from orchestrator.routes.bgp_route import BgpRoute


@dataclass(frozen=True)
class Candidate:
    """A route that a router knows, and on what it lost: "" for the best.

    ``used`` says that packets may take it: it is the best, or as good down to the next hop.
    """

    route: BgpRoute
    told_by: str
    reason: str
    used: bool


Rank = tuple[bool, int, int, bool, int, int, int, int]
# How much of a rank must be the same for routes to be used side by side.
_INTERIOR_COST = 5


def rank(route: BgpRoute) -> Rank:
    """The lower the better, MED aside. One's own is a static route, and goes before BGP's."""
    return (
        route.channel is not None,
        -route.preference,
        len(route.as_path),
        not route.external,
        route.metric,
        route.originator,
        len(route.clusters),
        route.address,
    )


def best_of(routes: Iterable[BgpRoute]) -> BgpRoute | None:
    """The route that is chosen and told to others; None of none."""
    routes = list(routes)
    if len(routes) < 2:
        return routes[0] if routes else None
    if [route for route in routes if route.med]:
        routes = [group[0] for group in _groups(routes)]
    return min(routes, key=rank)


def rank_all(routes: Iterable[BgpRoute]) -> list[BgpRoute]:
    """Best first; those that lost to a route of the same neighbouring AS come last."""
    running: list[BgpRoute] = []
    beaten: list[BgpRoute] = []
    for group in _groups(routes):
        for route in group:
            (running if _is_alike(group[0], route) else beaten).append(route)
    return [*sorted(running, key=rank), *sorted(beaten, key=rank)]


def sort_for_members(routes: Iterable[BgpRoute]) -> list[BgpRoute]:
    """Best first, as a sorted table of BIRD's has them, which knows no deterministic MED: two
    routes at a time, MED among them where they are from the same AS."""
    return sorted(routes, key=functools.cmp_to_key(_compare))


def _compare(a: BgpRoute, b: BgpRoute) -> int:
    order = _rank_in_group if _neighbour(a) == _neighbour(b) else rank
    return -1 if order(a) < order(b) else 1


def merged_of(ranked: Sequence[BgpRoute]) -> tuple[BgpRoute, ...]:
    """Of the ranked routes those that ``merge paths`` takes, best first."""
    best = ranked[0]
    if best.channel is None:
        return (best,)
    heads = {_neighbour(group[0]): group[0] for group in _groups(ranked)}
    return tuple(
        route
        for route in ranked
        if rank(route)[:_INTERIOR_COST] == rank(best)[:_INTERIOR_COST]
        and _is_alike(heads[_neighbour(route)], route)
    )


def equals_of(ranked: Sequence[BgpRoute]) -> tuple[BgpRoute, ...]:
    """Of the ranked routes those used side by side, best first, each next hop once."""
    hops = {route.next_hop: route for route in reversed(merged_of(ranked))}
    return tuple(sorted(hops.values(), key=rank))


def explain_all(ranked: Sequence[BgpRoute]) -> list[Candidate]:
    """The ranked routes with what each lost on."""
    merged = {id(route) for route in merged_of(ranked)}
    heads = {_neighbour(group[0]): group[0] for group in _groups(ranked)}
    return [
        Candidate(
            route,
            route.told_by,
            _reason(ranked[0], route) or _reason(heads[_neighbour(route)], route),
            used=id(route) in merged,
        )
        for route in ranked
    ]


def _neighbour(route: BgpRoute) -> int:
    """The neighbouring AS, for MED; 0 stands for the own one."""
    return route.as_path[0] if route.as_path else 0


def _groups(routes: Iterable[BgpRoute]) -> list[list[BgpRoute]]:
    """The routes by neighbouring AS, the best of each first."""
    groups: dict[int, list[BgpRoute]] = {}
    for route in routes:
        groups.setdefault(_neighbour(route), []).append(route)
    return [sorted(group, key=_rank_in_group) for group in groups.values()]


def _rank_in_group(route: BgpRoute) -> tuple[int, ...]:
    own, preference, length, *rest = rank(route)
    return (own, preference, length, route.med or 0, *rest)


def _is_alike(best: BgpRoute, route: BgpRoute) -> bool:
    """Whether a route of the same neighbouring AS stays in the race beside its best."""
    alike = _INTERIOR_COST + 1
    return _rank_in_group(best)[:alike] == _rank_in_group(route)[:alike]


def _reason(winner: BgpRoute, loser: BgpRoute) -> str:
    """The first criterion on which one route beats another; "" if it beats it on none."""
    if winner is loser:
        return ""
    if winner.channel is None:
        return "its own route goes first"
    for won, lost, text in _criteria(winner, loser):
        if won != lost:
            return text if won < lost else ""
    return ""


def _criteria(a: BgpRoute, b: BgpRoute) -> Iterable[tuple[int, int, str]]:
    preferences = f"{a.relation} {a.preference} > {b.relation} {b.preference}"
    yield -a.preference, -b.preference, f"higher local preference: {preferences}"
    lengths = len(a.as_path), len(b.as_path)
    yield *lengths, "shorter AS path: {} < {}".format(*lengths)
    if _neighbour(a) == _neighbour(b):
        meds = a.med or 0, b.med or 0
        yield *meds, "lower MED of the same AS: {} < {}".format(*meds)
    yield not a.external, not b.external, "eBGP before iBGP"
    yield a.metric, b.metric, f"nearer next hop: {a.metric} < {b.metric}"
    ids = IPv4Address(a.originator), IPv4Address(b.originator)
    yield a.originator, b.originator, "lower router id: {} < {}".format(*ids)
    passed = len(a.clusters), len(b.clusters)
    yield *passed, "fewer reflectors: {} < {}".format(*passed)
    yield a.address, b.address, f"lower neighbour address: {_teller(a)} < {_teller(b)}"


def _teller(route: BgpRoute) -> str:
    return str(route.channel.told.local) if route.channel else str(ip_address(route.address))
