"""A traced packet as a table: each interface it crossed, and what took how long between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.analysis.hops.trace import Leg, Passage, Trace
from orchestrator.report.words import call_packet


@dataclass(frozen=True)
class Hop:
    """A row: a passage, when it was, and the leg that led to it (None at the start)."""

    passage: Passage
    at_ms: float
    leg: Leg | None

    @property
    def took_ms(self) -> float:
        """How long the leg was; 0 at the start."""
        return (self.leg.end_ns - self.leg.start_ns) / 1e6 if self.leg else 0.0


@dataclass(frozen=True)
class Followed:
    """A trace's rows, there and back."""

    name: str
    packet: str
    forward: tuple[Hop, ...]
    back: tuple[Hop, ...]
    notes: tuple[str, ...]


def follow(name: str, trace: Trace) -> Followed:
    """The tables of a trace; times count from its first passage."""
    first_ns = trace.forward[0].time_ns if trace.forward else 0
    return Followed(
        name=name,
        packet=call_packet(name),
        forward=_hops(trace.forward, trace.forward_legs, first_ns),
        back=_hops(trace.back, trace.back_legs, first_ns),
        notes=trace.notes,
    )


def _hops(passages: Sequence[Passage], legs: Sequence[Leg], first_ns: int) -> tuple[Hop, ...]:
    """A leg belongs to the passage at which it ends."""
    by_end = {leg.end_ns: leg for leg in legs}
    return tuple(
        Hop(p, (p.time_ns - first_ns) / 1e6, by_end.get(p.time_ns) if index else None)
        for index, p in enumerate(passages)
    )
