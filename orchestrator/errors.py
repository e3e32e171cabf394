"""Every error Clicklab raises on purpose, and the exit code each one means.

    LabError            message, hint, exit code; printed without a traceback
    ├── Mistakes        in a file, each with its line               (exit 2)
    │   ├── SpecError   the topology is wrong as written
    │   └── PlanError   it is well formed, but no lab can be built from it
    ├── Unsettled       BGP's policies contradict: no routes settle (exit 2; routes/settling.py)
    ├── UsageError      the command line is wrong                   (exit 2)
    ├── HostError       this machine is not ready for a lab         (exit 4)
    │   └── NotInstalled    nor a package that an extra brings; an ImportError, too
    ├── DeployError     the lab did not come up, or a step broke    (exit 1)
    │   └── CommandFailed   a command inside a node failed
    └── FaultError      a fault could not be put in force           (exit 1)

`Mistake` is a ValueError: a validator of the schema raises it, and it becomes a Problem.

Anything else that escapes is a bug of ours: exit 3, with a log.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from orchestrator.visible import brief, brief_line

# Choices that a hint lists.
_MOST_LISTED = 20


class LabError(Exception):
    """A failure the user can act on: what went wrong, and how to mend it, both short."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = brief(message)
        self.hint = brief(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message

    def retold(self, message: str) -> LabError:
        """The same failure in other words: its hint and its exit code stay."""
        told = LabError(message, self.hint)
        told.exit_code = self.exit_code
        return told


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: error: {self.message}"
        return brief_line(f"{text}; {self.hint}" if self.hint else text)


class Mistakes(LabError):
    """All the mistakes one phase found, in the order of the file."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SpecError(Mistakes):
    """The topology is wrong as written: syntax, keys, types, names."""


class PlanError(Mistakes):
    """The topology reads well, but no lab can be built from it."""


class UsageError(LabError):
    """The command line asks for what is not there."""

    exit_code = 2


class HostError(LabError):
    """This machine cannot run a lab yet; the hint says how to mend it."""

    exit_code = 4


class NotInstalled(HostError, ImportError):
    """A package that one of Clicklab's extras brings cannot be imported."""

    def __init__(self, extra: str, reason: ImportError) -> None:
        super().__init__(
            f"{extra} cannot be imported: {reason}",
            f"{sys.executable} -m pip install 'clicklab[{extra}]'",
        )


class DeployError(LabError):
    """A lab did not come up, or stopped answering."""


class CommandFailed(DeployError):
    """A command inside a node exited with an error."""

    def __init__(self, node: str, argv: Sequence[str], code: int, stderr: str) -> None:
        self.node, self.argv, self.code, self.stderr = node, tuple(argv), code, stderr
        super().__init__(f"{node}: {' '.join(argv)}: exit {code}: {stderr.strip()[-400:]}")


class FaultError(LabError):
    """A fault could not be put in force or lifted."""


class Mistake(ValueError):
    """What a validator of the schema raises: a message, and how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """``did you mean 'providers'?`` for the choice nearest to ``word``, or nothing."""
    near = near_to(word, choices)
    return f"did you mean '{near}'?" if near else ""


def near_to(word: str, choices: Iterable[str]) -> str:
    """The choice that ``word`` may be a slip for; "" if none is near."""
    by_folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.65)
    return by_folded[near[0]] if near else ""


def nearest(word: str, choices: Iterable[str], otherwise: str = "") -> str:
    """A hint: the choice nearest to ``word``; if none is near, ``otherwise``, or what there is."""
    choices = tuple(choices)
    more = ", …" if len(choices) > _MOST_LISTED else ""
    listed = f"there is: {', '.join(choices[:_MOST_LISTED])}{more}" if choices else "there is none"
    return did_you_mean(word, choices) or otherwise or listed


def unknown(
    kind: str, name: str, choices: Iterable[str], *, within: str = "", hint: str = ""
) -> UsageError:
    """The error for a name that is none: ``there is no node 'laptp' in lab 'internet'``.

    ``kind`` is what it should have been, ``within`` where it was looked for ("in lab 'internet'"),
    and its hint is that of `nearest`, ``hint`` being what is said otherwise.
    """
    where = f" {within}" if within else ""
    return UsageError(f"there is no {kind} '{name}'{where}", nearest(name, choices, hint))
