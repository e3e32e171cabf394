"""Which tries of faults can be in force at once: those of which none disturbs another's check.

What a try breaks, and what the check of its effect needs to be well, are sets of nodes, read off
its target, its probes and the plan. Where in doubt they are larger than they need to be: that
costs a batch, and too small a one would cost the test its meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.plan.model import Plan
from tests.e2e.effects import Try


@dataclass(frozen=True)
class Reach:
    """The nodes that a try breaks, and those that its check needs."""

    broken: frozenset[str]
    needed: frozenset[str]

    def disturbs(self, other: Reach) -> bool:
        """Whether what this one breaks is broken or needed by the other."""
        return not self.broken.isdisjoint(other.broken | other.needed)


def in_batches(
    drawn: Iterable[tuple[str, Sequence[Try]]], plan: Plan
) -> list[list[tuple[str, Try]]]:
    """Each fault in the first batch of which it disturbs nobody, and nobody it, on one of its
    targets; the first that fits, in the order in which they come."""
    batches: list[dict[Reach, tuple[str, Try]]] = []
    for name, tries in drawn:
        reaches = [(reach_of(plan, tried), tried) for tried in tries]
        batches.append({})
        batch, reach, tried = next(
            (batch, reach, tried)
            for batch in batches
            for reach, tried in reaches
            if not any(reach.disturbs(other) or other.disturbs(reach) for other in batch)
        )
        batch[reach] = name, tried
        batches = [batch for batch in batches if batch]
    return [list(batch.values()) for batch in batches]


def reach_of(plan: Plan, tried: Try) -> Reach:
    """By a try's target, probes and needs, and whether its check crosses the Internet."""
    looked_at = {name for name in _words(tried.probes) if name in plan.nodes}
    broken = {node for part in tried.target.split(",") for node in _struck(plan, part)}
    # A zone, or all servers of a kind: its probes are the one who asks, and the servers.
    broken = broken or set(list(_words(tried.probes))[1:]) & plan.nodes.keys()
    needed = looked_at | set(tried.needs)
    if tried.far:
        needed |= {n.name for n in plan.nodes.values() if not _is_on_a_lan(plan, n.name)}
    return Reach(_with_homes(plan, broken), _with_homes(plan, needed))


def _words(probes: Any) -> Iterator[str]:
    """All strings in what a check needs to know."""
    if isinstance(probes, str):
        yield probes
    elif isinstance(probes, tuple):
        for part in probes:
            yield from _words(part)


def _struck(plan: Plan, target: str) -> set[str]:
    """Of a link, whom it cuts off, else both ends; of a system or an exchange, all in it."""
    if target in plan.nodes:
        return {target}
    if target in plan.links:
        ends = {end.node for end in (plan.links[target].a, plan.links[target].b)}
        ends &= plan.nodes.keys()
        return {node for node in ends if len(plan.nodes[node].interfaces) == 1} or ends
    for system in plan.systems.values():
        if system.name == target:
            return {node.name for node in plan.nodes.values() if node.asn == system.asn}
    return _members(plan, target)


def _members(plan: Plan, switch: str) -> set[str]:
    """The nodes with a link to a switch."""
    pairs = [(link.a.node, link.b.node) for link in plan.links.values()]
    return {one if other == switch else other for one, other in pairs if switch in (one, other)}


def _is_on_a_lan(plan: Plan, node: str) -> bool:
    """Homes and servers of a data centre: what is there nobody else's packets pass."""
    return plan.nodes[node].asn is None


def _with_homes(plan: Plan, nodes: set[str]) -> frozenset[str]:
    """A home is one: its hosts hear each other's broadcasts, and share a gateway."""
    homes = (
        _members(plan, switch)
        for node in nodes
        if plan.nodes[node].role in ("host", "gateway")
        for switch in (_lan_of(plan, node),)
    )
    return frozenset(nodes.union(*homes))


def _lan_of(plan: Plan, node: str) -> str:
    """The switch that a host or gateway is at."""
    ends = [(link.a.node, link.b.node) for link in plan.links.values()]
    return next(
        other
        for pair in ends
        for one, other in (pair, pair[::-1])
        if one == node and other in plan.switches
    )
