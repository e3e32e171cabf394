"""What way the chosen questions of a trial took, there and back, as the capture shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.analysis.failover.choice import Question
from orchestrator.analysis.failover.findings import Phase
from orchestrator.analysis.hops.flights import Flight, Flights
from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Plan


@dataclass(frozen=True)
class Way:
    """The nodes and switches of a question, in the order in which it crossed them, and those of
    what answered it. ``asker`` is who asked as the target sees it: behind NAT, its gateway."""

    there: tuple[str, ...]
    back: tuple[str, ...]
    asker: Address

    @property
    def nodes(self) -> tuple[str, ...]:
        """There and back; who answers is told once."""
        return self.there + self.back[self.there[-1:] == self.back[:1] :]


def find_ways(
    questions: Sequence[Question], frames: Mapping[str, Sequence[Frame]], plan: Plan
) -> dict[tuple[str, Phase], Way]:
    """The way of each question, by probe and phase; none of those that the capture has not."""
    flights = list(Flights(frames, plan))
    ways = ((question, _find(question, flights)) for question in questions)
    return {(q.probe.name, q.phase): way for q, way in ways if way is not None}


def _find(question: Question, flights: Sequence[Flight]) -> Way | None:
    there = _best(_asked(question, flights))
    if there is None:
        return None
    back = _best(_answers(question, flights, there))
    asker = ip_address(there.last.source)
    return Way(there.nodes, back.nodes if back else (), asker)


def _asked(question: Question, flights: Sequence[Flight]) -> Iterator[Flight]:
    for flight in flights:
        first = flight.first
        if first.node == question.probe.source and first.outbound and question.asks(first):
            yield flight


def _answers(question: Question, flights: Sequence[Flight], there: Flight) -> Iterator[Flight]:
    """Those of a question that went elsewhere too (a page's second connection) are not meant."""
    for flight in flights:
        first = flight.first
        if first.time_ns < there.last.time_ns or not question.answers(first):
            continue
        if first.node == there.last.node and first.outbound:
            ports = (first.source_port, first.target_port)
            if ports == (there.last.target_port, there.last.source_port):
                yield flight


def _best(flights: Iterator[Flight]) -> Flight | None:
    """The first that arrived, else the one that came farthest."""
    found = list(flights)
    arrived = (flight for flight in found if flight.arrived)
    return next(arrived, max(found, key=lambda f: len(f.sightings), default=None))
