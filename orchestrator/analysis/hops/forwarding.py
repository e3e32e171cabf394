"""What a router did with a packet, and why: its FIB's longest match, and BGP's reason for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.plan.addresses import Address, Prefix, holds
from orchestrator.plan.model import Plan
from orchestrator.records.testimony import ForwardingEntry
from orchestrator.routes.bgp import ControlPlane
from orchestrator.routes.forwarding import ForwardingPlane, NoPath


def longest_match(entries: Iterable[ForwardingEntry], target: Address) -> ForwardingEntry | None:
    """The entry that a kernel forwards by: the longest prefix, then the lowest metric."""
    around = [entry for entry in entries if holds(entry.prefix, target)]
    return min(around, key=lambda e: (-e.prefix.prefixlen, e.metric), default=None)


def planned_ways(plan: Plan, source: str, target: Address) -> list[tuple[str, ...]]:
    """The nodes and switches of each of the equal ways that the plan has; [] if it has none, and
    from a switch, where a packet is seen first whose sender was not captured."""
    if source not in plan.nodes:
        return []
    try:
        paths = ForwardingPlane(plan).paths(source, target)
    except NoPath:
        return []
    return [(source, *(hop.receiver for hop in path)) for path in paths]


def reason_of(
    control: ControlPlane, router: str, prefix: Prefix, onward: Sequence[int | None]
) -> str:
    """Why BGP at a router uses the route that it does, in words.

    A run has no router's RIB: the reason is the plan's, and holds where the ASes that the packet
    crossed from there on, ``onward``, are those of the plan's route. "" where they are not, and
    where BGP has no route.
    """
    if router not in control.routers or prefix not in control.announced:
        return ""
    candidates = control.explain(router, prefix)
    if not candidates:
        return ""
    best = candidates[0].route
    if list(dict.fromkeys(best.as_path))[: len(onward)] != list(onward):
        return ""
    path = " ".join(map(str, best.as_path))
    chosen = f"AS path {path}, learned from a {best.relation}" if path else "inside its own AS"
    others = [candidate for candidate in candidates if not candidate.used and candidate.reason]
    if not others:
        return f"{chosen}; the plan has no other way"
    return (
        f"{chosen}; the plan's next best, told by {others[0].told_by}, lost by {others[0].reason}"
    )
