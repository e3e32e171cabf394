"""Waiting in a test: a check that need not hold yet, but soon."""

from __future__ import annotations

import dis
import time
from collections.abc import Callable
from itertools import pairwise
from types import CodeType
from typing import TypeVar

from orchestrator.errors import DeployError

T = TypeVar("T")


def eventually(check: Callable[[], T], within_s: float = 10.0, every_s: float = 0.1) -> T:
    """Call ``check`` until it holds, and return what it returned.

    It holds when it returns something true. One made of ``assert`` statements alone, which
    returns nothing, holds when it does not raise. AssertionError, and DeployError (a node that
    does not run, a command that fails), mean "not yet"; any other error is raised at once.

    Raises AssertionError after ``within_s`` seconds, with the last reason. The last call begins
    no earlier than that, so a slow check is called twice at least.
    """
    __tracebackhide__ = True
    only_asserts = _returns_nothing(check)
    started, tries = time.monotonic(), 0
    while True:
        is_last = time.monotonic() - started >= within_s
        tries += 1
        try:
            answer = check()
        except (AssertionError, DeployError) as error:
            reason = str(error) or "an assert without a message failed"
        else:
            if answer or (answer is None and only_asserts):
                return answer
            reason = f"it returned {answer!r}"
        if is_last:
            raise AssertionError(_late(check, tries, time.monotonic() - started, reason))
        time.sleep(every_s)


def _late(check: Callable[[], object], tries: int, seconds: float, reason: str) -> str:
    name = getattr(check, "__name__", "")
    what = name if name.isidentifier() else "the check"
    times = "once" if tries == 1 else f"{tries} times"
    return f"{what} did not hold in {seconds:.1f} s, tried {times}; the last time: {reason}"


def _returns_nothing(check: Callable[[], object]) -> bool:
    """Whether a function has no ``return`` with a value, so that None from it is no answer.

    Without this a check like ``re.search(…)``, which returns None for "no", would hold.
    """
    code = getattr(check, "__code__", None)
    if not isinstance(code, CodeType) or code.co_name == "<lambda>":
        return False
    steps = list(dis.get_instructions(code))
    values = [before for before, step in pairwise(steps) if step.opname == "RETURN_VALUE"]
    return all(step.opname == "LOAD_CONST" and step.argval is None for step in values) and all(
        step.argval is None for step in steps if step.opname == "RETURN_CONST"
    )
