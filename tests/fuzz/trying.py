"""Inputs of a kind, tried one after the other."""

from __future__ import annotations

import importlib
import pkgutil
import random
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestrator.errors import LabError, Mistakes
from orchestrator.verbs.contradiction import Contradiction
from orchestrator.visible import visible
from tests.fuzz import kinds

Attempt = Callable[[random.Random], object]
_EXIT_CODES = (1, 2)
# A sentence that is read in a terminal: ours are a line or two, with a path in them.
_LONGEST = 600


@dataclass(frozen=True)
class Finding:
    """An input that was not dealt with: its number, and what happened."""

    number: int
    said: str


def known_kinds() -> list[str]:
    """The modules of kinds/."""
    return sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))


def attempt_of(kind: str) -> Attempt:
    """What makes and tries an input of a kind."""
    attempt: Attempt = importlib.import_module(f"tests.fuzz.kinds.{kind}").attempt
    return attempt


def try_inputs(kind: str, count: int, seed: int, first: int = 0) -> Iterator[Finding]:
    """What is found among the inputs ``first`` to ``first + count`` of a seed."""
    attempt = attempt_of(kind)
    for number in range(first, first + count):
        try:
            attempt(random.Random(f"{kind} {seed} {number}"))
        except Contradiction as error:
            yield Finding(number, _traced(error.__cause__ or error))
        except LabError as error:
            if complaint := _complaint(error):
                yield Finding(number, f"{complaint}: {error.message[:_LONGEST]!r}")
        except Exception as error:
            yield Finding(number, _traced(error))


def _traced(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _complaint(error: LabError) -> str:
    """What is wrong with an error itself; "" for one that a user can act on."""
    if error.exit_code not in _EXIT_CODES:
        return f"its exit code is {error.exit_code}"
    sentences = [str(p) for p in error.problems] if isinstance(error, Mistakes) else [error.message]
    longest = max(map(len, sentences))
    if longest > _LONGEST:
        return f"its message has {longest} characters"
    readable = all(visible(sentence) == sentence for sentence in sentences)
    return "" if readable else "its message has control characters"
