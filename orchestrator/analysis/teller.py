"""What every kind of step is to the journey, and to those who draw and count it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orchestrator.analysis.step import Step
from orchestrator.analysis.story import Story


def no_round_trips(step: Step) -> int:
    """For what nobody awaits, and for what other steps count."""
    return 0


def one_round_trip(step: Step) -> int:
    """For what is asked over the network, whatever the answer saves."""
    return 1


def one_unless_saved(step: Step) -> int:
    """For what is not asked at all where it is known already."""
    return 0 if step.saved else 1


def is_waited_for(step: Step) -> bool:
    """Whether somebody waited for it: not for what a cache updates once it has answered."""
    return step.details.get("waited_for") is not False


def one_if_waited_for(step: Step) -> int:
    """For what is asked over the network, perhaps while nobody waits."""
    return 1 if is_waited_for(step) else 0


@dataclass(frozen=True)
class Teller:
    """One kind of step, told by one module.

    kind         what its steps are called
    tell         finds them in a story
    fields       those of tshark that it reads
    answered     its steps are over when the second of their nodes has answered the first
    round_trips  how many round trips one after the other a step is
    folds        where many of its steps follow each other, the first may speak for them
    minor        kinds of its steps that other steps tell already, where room is short; another
                 kind than its own is that of the parts of its one step
    beside       its steps sum up a whole connection: they go on beside others, not around them
    alike        its steps in a row, of all its kinds, are told by the first where one is brief
    family       the kind whose steps tell of one thing with its own, where that is another's
    """

    kind: str
    tell: Callable[[Story], Iterable[Step]]
    fields: tuple[str, ...] = ()
    answered: bool = False
    round_trips: Callable[[Step], int] = no_round_trips
    minor: tuple[str, ...] = ()
    folds: bool = True
    beside: bool = False
    alike: bool = False
    family: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """All that its steps can be."""
        return tuple(dict.fromkeys((self.kind, *self.minor)))
