"""Two journeys to the same page: what the second did not have to do, and what saved it.

A step of one journey is the same as a step of the other when it is of the same kind, between the
same nodes, and both or neither were saved. Something was *saved* where the second journey says so
(`Step.saved`) and the first does not; what the first did meanwhile, and the second did not do at
all, is *gone* with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import TELLERS
from orchestrator.analysis.waits.rounds_waited import RoundTrips, count_round_trips

# Steps of this kind are each a part of one step of that kind.
TOGETHER = {part: teller.kind for teller in TELLERS for part in teller.minor if part != teller.kind}


@dataclass(frozen=True)
class Saving:
    """Something that a cache or a kept connection answered in one journey alone.

    by       the step that says so
    instead  what the other journey did in its place; None where nothing of it is told
    gone     what the other journey did because of that, and this one did not
    """

    by: Step
    instead: Step | None
    gone: tuple[Step, ...]


@dataclass(frozen=True)
class Difference:
    """What the second journey has not in common with the first.

    savings  what was saved in the second alone, its steps in order
    lost     what was saved in the first alone
    gone     steps of the first alone that no saving explains
    new      steps of the second alone that nothing lost explains
    """

    savings: tuple[Saving, ...]
    lost: tuple[Saving, ...]
    gone: tuple[Step, ...]
    new: tuple[Step, ...]
    first_round_trips: RoundTrips
    second_round_trips: RoundTrips


def compare_journeys(first: Journey, second: Journey) -> Difference:
    """What became of the first journey's steps."""
    before, after = _whole_steps(first), _whole_steps(second)
    gone, new = _lacking(before, after), _lacking(after, before)
    savings, lost = _find_savings(new, gone), _find_savings(gone, new)
    explained = [step for saving in (*savings, *lost) for step in _explained(saving)]
    return Difference(
        savings=tuple(savings),
        lost=tuple(lost),
        gone=tuple(step for step in gone if step not in explained),
        new=tuple(step for step in new if step not in explained),
        first_round_trips=count_round_trips(first),
        second_round_trips=count_round_trips(second),
    )


def _whole_steps(journey: Journey) -> list[Step]:
    """Of steps that are told one by one and together, only what is told of them together."""
    kinds = {step.kind for step in journey.steps}
    return [step for step in journey.steps if TOGETHER.get(step.kind) not in kinds]


def _find_savings(steps: Iterable[Step], others: Sequence[Step]) -> list[Saving]:
    """Those among the steps of one journey alone; ``others`` are those of the other alone.

    Where both saved something at the same place, it is the one that took less time.
    """
    savings: list[Saving] = []
    left = list(others)
    for by in (step for step in steps if step.saved):
        alike = [step for step in left if _is_alike(step, by)]
        if any(step.saved and step.duration_ms < by.duration_ms for step in alike):
            continue
        instead = max(alike, key=lambda step: _likeness(step, by), default=None)
        left = [step for step in left if step is not instead]
        savings.append(Saving(by, instead, ()))
    return [_with_gone(saving, savings, left) for saving in savings]


def _with_gone(saving: Saving, savings: Sequence[Saving], left: Iterable[Step]) -> Saving:
    """Each step goes with the first saving that explains it."""
    mine = (step for step in left if next(filter(_explains(step), savings), None) is saving)
    return replace(saving, gone=tuple(mine))


def _identity(step: Step) -> tuple[str, tuple[str, ...], bool]:
    return step.kind, step.nodes, bool(step.saved)


def _lacking(steps: Iterable[Step], others: Iterable[Step]) -> list[Step]:
    """Those of ``steps`` that have no counterpart among ``others``, each of which is one's only."""
    there = Counter(_identity(step) for step in others)
    lacking = []
    for step in steps:
        if there[_identity(step)]:
            there[_identity(step)] -= 1
        else:
            lacking.append(step)
    return lacking


def _is_alike(step: Step, by: Step) -> bool:
    return step.kind == by.kind and step.nodes[:1] == by.nodes[:1]


def _likeness(step: Step, by: Step) -> tuple[int, int]:
    """How much of the titles is the same; of equals the longest counts."""
    in_common = set(step.title.split()) & set(by.title.split())
    return len(in_common), step.end_ns - step.start_ns


def _explains(step: Step) -> Callable[[Saving], bool]:
    """Whether a saving is why a step is gone: it is part of what was done in full, or another such
    step of the same node.
    """

    def judge(saving: Saving) -> bool:
        within = saving.instead is not None and _within(step, saving.instead)
        return within or _is_alike(step, saving.by)

    return judge


def _explained(saving: Saving) -> Iterator[Step]:
    yield saving.by
    if saving.instead:
        yield saving.instead
    yield from saving.gone


def _within(step: Step, whole: Step) -> bool:
    return whole.start_ns <= step.start_ns and step.end_ns <= whole.end_ns
