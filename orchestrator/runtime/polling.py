"""Waiting for something to become true: poll it, with a bound, and never longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(check: Callable[[], T], within_s: float, every_s: float = 0.02) -> T | None:
    """The first truthy answer of ``check``, or None once ``within_s`` seconds have passed."""
    deadline = time.monotonic() + within_s
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            return None
        time.sleep(every_s)
