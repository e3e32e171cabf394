"""What a router did with a packet, and why: its FIB's longest match, and BGP's reason for it."""

from __future__ import annotations

from collections.abc import Iterable

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
    """The nodes and switches of each of the equal ways that the plan has; [] if it has none."""
    try:
        paths = ForwardingPlane(plan).paths(source, target)
    except NoPath:
        return []
    return [(source, *(hop.receiver for hop in path)) for path in paths]


def reason_of(control: ControlPlane, router: str, prefix: Prefix) -> str:
    """Why BGP at a router uses the route that it does, in words; "" where BGP has none."""
    if router not in control.routers or prefix not in control.announced:
        return ""
    candidates = control.explain(router, prefix)
    if not candidates:
        return ""
    best = candidates[0].route
    path = " ".join(map(str, best.as_path))
    chosen = f"AS path {path}, learned from a {best.relation}" if path else "inside its own AS"
    others = [candidate for candidate in candidates if not candidate.used and candidate.reason]
    if not others:
        return f"{chosen}; the only way that BGP knows"
    return f"{chosen}; the next best, told by {others[0].told_by}, lost by {others[0].reason}"
