"""Waiting for something to become true: poll it, with a bound, and never longer than needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(check: Callable[[], T], within_s: float, every_s: float = 0.02) -> T | None:
    """The first truthy answer of ``check``, or None once ``within_s`` seconds have passed."""
    deadline, pause = time.monotonic() + within_s, threading.Event()
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            return None
        pause.wait(every_s)
