"""How many round trips a page's first octet waited for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import TELLERS


@dataclass(frozen=True)
class RoundTrips:
    """Messages that somebody had to await an answer to, one after the other, from the click to the
    first octet of the document: questions to a name server or a neighbour, handshakes, requests;
    of the client, and of whoever had to ask on to answer it. What was asked side by side of the
    same node counts once; what a cache saved, not at all.
    """

    by_kind: Mapping[str, int]

    @property
    def total(self) -> int:
        """Round trips waited for in all."""
        return sum(self.by_kind.values())


def count_round_trips(journey: Journey) -> RoundTrips:
    """Those that a journey's steps tell of."""
    until_ns = _first_byte_ns(journey)
    tellers = {teller.kind: teller for teller in TELLERS}
    awaited = [
        step
        for step in journey.steps
        if step.kind in tellers and journey.started_ns <= step.start_ns < until_ns
    ]
    counted: Counter[str] = Counter()
    for step in _one_of_those_side_by_side(awaited):
        counted[step.kind] += tellers[step.kind].round_trips(step)
    return RoundTrips({kind: trips for kind, trips in counted.items() if trips})


def _first_byte_ns(journey: Journey) -> int:
    """Of records that do not tell it, what came before the load."""
    first_byte_ms = journey.visit.vitals.ttfb
    if first_byte_ms is None:
        return journey.ended_ns
    return journey.started_ns + round(first_byte_ms * 1e6)


def _one_of_those_side_by_side(steps: Iterable[Step]) -> list[Step]:
    """Of steps of one kind between the same nodes, only those that begin after the last ended."""
    ends: dict[tuple[str, tuple[str, ...]], int] = {}
    alone = []
    for step in sorted(steps, key=lambda step: step.start_ns):
        between = step.kind, step.nodes
        if step.start_ns >= ends.get(between, 0):
            alone.append(step)
        ends[between] = max(step.end_ns, ends.get(between, 0))
    return alone
