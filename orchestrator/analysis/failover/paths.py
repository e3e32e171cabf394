"""What way the chosen questions of a trial took, there and back, as the capture shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.analysis.failover.choice import Question
from orchestrator.analysis.hops.tracks import Track, Tracks
from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Plan
from orchestrator.spec.probing import Phase


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
    tracks = list(Tracks(frames, plan))
    ways = ((question, _find(question, tracks)) for question in questions)
    return {(q.probe.name, q.phase): way for q, way in ways if way is not None}


def _find(question: Question, tracks: Sequence[Track]) -> Way | None:
    there = _best(_asked(question, tracks))
    if there is None:
        return None
    back = _best(_answers(question, tracks, there))
    asker = ip_address(there.last.source)
    return Way(there.nodes, back.nodes if back else (), asker)


def _asked(question: Question, tracks: Sequence[Track]) -> Iterator[Track]:
    for track in tracks:
        first = track.first
        if first.node == question.probe.source and first.outbound and question.asks(first):
            yield track


def _answers(question: Question, tracks: Sequence[Track], there: Track) -> Iterator[Track]:
    """Those of a question that went elsewhere too (a page's second connection) are not meant."""
    for track in tracks:
        first = track.first
        if first.time_ns < there.last.time_ns or not question.answers(first):
            continue
        if first.node == there.last.node and first.outbound:
            ports = (first.source_port, first.target_port)
            if ports == (there.last.target_port, there.last.source_port):
                yield track


def _best(tracks: Iterator[Track]) -> Track | None:
    """The first that arrived, else the one that came farthest."""
    found = list(tracks)
    arrived = (track for track in found if track.arrived)
    return next(arrived, max(found, key=lambda f: len(f.sightings), default=None))
