"""What a fault is: one value per kind of failure, in a module of its own.

The life of a fault, told by verbs/fault.py:

    prepare  what will be done, and what it takes to undo it, as JSON: recorded before anything
             is touched, so that it can be healed whatever happens in between
    inject   do it
    seen     is it in force? asked of the kernel or the daemon, until it is
    heal     undo it; fine where only half of it was done, or none

CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan

# What it takes to do and to undo a fault: JSON, so that it survives the command that made it.
Memo = Mapping[str, Any]
# Options as the user wrote them, defaults filled in.
Options = Mapping[str, str]


@dataclass(frozen=True)
class Option:
    """A value of a fault that can be chosen: its default as one would write it, and what it is.

    ``check`` raises Mistake (errors.py) for what cannot be.
    """

    name: str
    default: str
    about: str
    check: Callable[[str], object] = str


@dataclass(frozen=True)
class Fault:
    """A kind of failure.

    target   what it is done to, in a word: "link", "node", "session"
    targets  the names of all that it can be done to in a lab
    affects  what should suffer and what should not, in a sentence; for a target
    resolve  turns what a user wrote into one of ``targets`` (or a name that means several);
             raises UsageError. None: it must be one of them
    seen     "" while the fault is seen to be in force, else what is not so (yet)
    heal     None for what passes by itself: a restart, a reset
    undo     of what passes by itself: mend what an interrupted one left half done
    node_off its target is a node that does not run while it is in force: nothing else can be
             broken there meanwhile
    """

    name: str
    about: str
    target: str
    targets: Callable[[Plan], Sequence[str]]
    affects: Callable[[Plan, str], str]
    prepare: Callable[[Scene, str, Options], Memo]
    inject: Callable[[Scene, Memo], None]
    seen: Callable[[Scene, Memo], str]
    heal: Callable[[Scene, Memo], None] | None
    options: tuple[Option, ...] = ()
    resolve: Callable[[Plan, str], str] | None = None
    undo: Callable[[Scene, Memo], None] | None = None
    node_off: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it stays until it is healed."""
        return self.heal is not None
