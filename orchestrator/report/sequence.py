"""The sequence diagram: who spoke with whom, and when, from the nodes that steps name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import TELLERS
from orchestrator.plan.model import Plan
from orchestrator.report.words import in_ms
from orchestrator.roles import ROLES

_ANSWERED = {teller.kind for teller in TELLERS if teller.answered}
_MINOR = {kind for teller in TELLERS for kind in teller.minor}
_LANE, _LINE, _HEAD = 108, 34, 46
# How wide a letter of a label is, about.
_LETTER = 6.2


@dataclass(frozen=True)
class Lane:
    """A participant: its name, its role, and where its line stands."""

    name: str
    role: str
    x: float


@dataclass(frozen=True)
class Arrow:
    """From one lane to another; a step at one node alone begins and ends in the same lane.

    Its label begins or ends (``anchor`` "start" or "end") at ``text_x``.
    """

    number: int
    label: str
    when: str
    answer: bool
    start: float
    end: float
    y: float
    text_x: float
    anchor: str

    @property
    def alone(self) -> bool:
        """Whether it stays in its lane."""
        return self.start == self.end


@dataclass(frozen=True)
class Sequence:
    """Lanes from left to right in the order in which they have a part, arrows downwards."""

    lanes: tuple[Lane, ...]
    arrows: tuple[Arrow, ...]
    width: float
    height: float


def draw_sequence(journey: Journey, plan: Plan) -> Sequence:
    """The diagram of a journey's steps; a step with many nodes is several arrows."""
    speakers = [journey.visit.node]
    for step in journey.steps:
        speakers += _speakers(step, plan)
    names = tuple(dict.fromkeys(speakers))
    lanes = tuple(
        Lane(name, plan.nodes[name].role if name in plan.nodes else "", _LANE * (place + 0.5))
        for place, name in enumerate(names)
    )
    at = {lane.name: lane.x for lane in lanes}
    width = float(_LANE * len(lanes))
    said = sorted(
        (
            what
            for number, step in enumerate(journey.steps, start=1)
            for what in _said(number, step, plan)
        ),
        key=lambda what: what.time_ns,
    )
    arrows = tuple(
        _arrow(
            what, (at[what.sender], at[what.receiver]), _HEAD + _LINE * (row + 1), width, journey
        )
        for row, what in enumerate(said)
    )
    return Sequence(lanes, arrows, width, _HEAD + _LINE * (len(arrows) + 1))


class _Said(NamedTuple):
    """One arrow before it has its place."""

    time_ns: int
    number: int
    label: str
    sender: str
    receiver: str
    answer: bool


def _said(number: int, step: Step, plan: Plan) -> Iterator[_Said]:
    nodes = _speakers(step, plan)
    for a, b in itertools.pairwise(nodes if len(nodes) != 1 else nodes * 2):
        yield _Said(step.start_ns, number, step.title, a, b, answer=False)
    if step.kind in _ANSWERED and len(nodes) == 2:
        label = f"done after {in_ms(step.duration_ms)} ms"
        yield _Said(step.end_ns, number, label, nodes[1], nodes[0], answer=True)


def _arrow(
    said: _Said, ends: tuple[float, float], y: float, width: float, journey: Journey
) -> Arrow:
    when = f"{(said.time_ns - journey.started_ns) / 1e6:.1f} ms"
    label_width = _LETTER * (len(said.label) + len(when) + 4)
    left, right = min(ends) + 8, max(ends) - 8
    fits = left + label_width < width or right < label_width
    text = (left, "start") if fits else (right, "end")
    return Arrow(said.number, said.label, when, said.answer, *ends, y, *text)


def _speakers(step: Step, plan: Plan) -> list[str]:
    """Who has a part in a step; nobody in one that is half about what only the map shows."""
    known = [n for n in step.nodes if n in plan.nodes and ROLES[plan.nodes[n].role].lane]
    cut_off = len(known) == 1 < len(step.nodes)
    return [] if cut_off or step.kind in _MINOR else known
