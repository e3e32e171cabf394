"""How many round trips a page's first octet waited for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step


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
        """All of them."""
        return sum(self.by_kind.values())


def count_round_trips(journey: Journey) -> RoundTrips:
    """Those that a journey's steps tell of."""
    until_ns = _first_byte_ns(journey)
    awaited = [
        step
        for step in journey.steps
        if step.kind in ROUND_TRIPS and journey.started_ns <= step.start_ns < until_ns
    ]
    counted: Counter[str] = Counter()
    for step in _one_of_those_side_by_side(awaited):
        counted[step.kind] += ROUND_TRIPS[step.kind](step)
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


def _asked(step: Step) -> int:
    return 0 if step.saved else 1


def _always(step: Step) -> int:
    return 1


def _tls(step: Step) -> int:
    """TLS 1.3 has one round trip, none with early data (RFC 8446, 2); TLS 1.2 has two, one when a
    session is resumed (RFC 5246, 7.3).
    """
    if step.details.get("early_data"):
        return 0
    old = step.details.get("version") in ("TLS 1.2", "TLS 1.1", "TLS 1.0")
    return 2 if old and not step.details.get("resumed") else 1


def _edge(step: Step) -> int:
    """A cache that has it asks nobody; a miss is a request, on a connection that may be new."""
    if "new_connection" not in step.details:
        return 0
    return 2 if step.details["new_connection"] else 1


# A cache of names is asked over the network too, whatever it saves.
ROUND_TRIPS: Mapping[str, Callable[[Step], int]] = {
    "neighbour": _asked,
    "dns_cache": _always,
    "dns_query": _always,
    "tcp": _asked,
    "tls": _tls,
    "request": _always,
    "edge": _edge,
    "balancer": _always,
    "database": _always,
}
