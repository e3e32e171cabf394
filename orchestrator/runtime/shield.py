"""Cleaning up without being interrupted at it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_HELD_BACK = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def shielded() -> Iterator[None]:
    """Hold ^C, SIGTERM and SIGHUP back until the block ends; what is in it must be bounded in time.

    Python runs handlers in the main thread alone, so that elsewhere there is nothing to hold back;
    and it does so whichever thread the kernel gave the signal to, so that a mask of the main
    thread (pthread_sigmask(3)) would not keep it away while others run.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in _HELD_BACK}
    try:
        yield
    finally:
        for held, handler in before.items():
            signal.signal(held, handler)
        for number in came:
            signal.raise_signal(number)
