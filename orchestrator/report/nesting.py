"""Which steps are parts of which, by time; and which are so much alike that one speaks for them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import TELLERS

DEEPEST = 3
# Of steps alike in a row so many are told one by one; of more, only the first. In brief only the
# first of some kinds is: each of the others has a title that says something new.
_ALIKE = 3
_ALIKE_IN_BRIEF = {kind: 1 for teller in TELLERS if teller.alike for kind in teller.kinds}
# Kinds that follow each other and tell of one thing: how a packet finds its way.
_FAMILIES = {teller.kind: teller.family for teller in TELLERS if teller.family}
# Kinds of which every step says something of its own.
_APART = {teller.kind for teller in TELLERS if not teller.folds}
# What sums up a whole connection goes on beside the steps, and is not made of them.
_BESIDE = tuple(teller.kind for teller in TELLERS if teller.beside)


def nest(steps: Sequence[Step]) -> tuple[int, ...]:
    """How deep each step lies: 0 at the top, one more than the step it lies within, 3 at most.

    ``steps`` are in the order of their beginnings. A step lies within an earlier one that is not
    over when it ends; steps of one kind are beside each other, as are those that take no time.
    """
    depths: list[int] = []
    for place, step in enumerate(steps):
        around = [
            depths[earlier]
            for earlier, other in enumerate(steps[:place])
            if other.kind not in (step.kind, *_BESIDE)
            and other.start_ns <= step.start_ns
            and step.end_ns <= other.end_ns
            and other.start_ns < other.end_ns
            and (other.start_ns, other.end_ns) != (step.start_ns, step.end_ns)
        ]
        depths.append(min(max(around, default=-1) + 1, DEEPEST))
    return tuple(depths)


def fold(steps: Sequence[Step], *, brief: bool = False) -> tuple[tuple[int, ...], ...]:
    """The places of all steps in order, those that may be folded away in one tuple.

    What was not as planned is never folded away, nor what its teller says does not fold.
    """
    return tuple(_folded(steps, _ALIKE_IN_BRIEF if brief else {}))


def _folded(steps: Sequence[Step], most: Mapping[str, int]) -> Iterator[tuple[int, ...]]:
    def alike(place: int) -> tuple[str, int]:
        step = steps[place]
        apart = place if step.as_expected is False or step.kind in _APART else -1
        return _FAMILIES.get(step.kind, step.kind), apart

    for (kind, _), run in itertools.groupby(range(len(steps)), alike):
        places = tuple(run)
        if len(places) <= most.get(kind, _ALIKE):
            yield from ((place,) for place in places)
        else:
            yield places[:1]
            yield places[1:]
