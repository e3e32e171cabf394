"""An ISP as textbooks draw it: access → aggregation → regional → backbone.

Every router has a link to the two nearest of the next tier up that exists, two routers of a tier in
one place have one between them, and the backbone is a ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, pairwise

from orchestrator.compile.draft import Machine, distance_between
from orchestrator.spec.routing import TIERS

UPLINKS = 2
MIDDLE = TIERS[-1]


def tiered_pairs(routers: list[Machine], tiers: Mapping[str, str]) -> list[tuple[Machine, Machine]]:
    """The links of an AS in tiers; a router without a tier is in the backbone."""
    levels = [[r for r in routers if tiers.get(r.name, MIDDLE) == tier] for tier in TIERS]
    levels = [level for level in levels if level]
    pairs = _ring(levels[-1])
    for lower, upper in pairwise(levels):
        pairs += _couples(lower)
        pairs += [(router, up) for router in lower for up in _nearest(router, upper)]
    return pairs


def _ring(routers: list[Machine]) -> list[tuple[Machine, Machine]]:
    closing = [(routers[-1], routers[0])] if len(routers) > 2 else []
    return [*pairwise(routers), *closing]


def _couples(routers: list[Machine]) -> list[tuple[Machine, Machine]]:
    """Redundant pairs: routers of a tier that stand in one place."""
    return [(a, b) for a, b in combinations(routers, 2) if a.at is not None and a.at == b.at]


def _nearest(router: Machine, upper: list[Machine]) -> list[Machine]:
    return sorted(upper, key=lambda up: distance_between(router, up))[:UPLINKS]


def highest_tier(routers: list[Machine], tiers: Mapping[str, str]) -> list[Machine]:
    """The routers of the highest tier there is, in their order."""
    rank = {r.name: TIERS.index(tiers.get(r.name, MIDDLE)) for r in routers}
    return [router for router in routers if rank[router.name] == max(rank.values())]
