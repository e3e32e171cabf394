"""^C, SIGTERM and SIGHUP, so that none is ever lost.

Python raises a signal's exception wherever the main thread happens to be. Inside a destructor or
a library's callback it is reported and dropped, and a long command would go on as if nothing had
been said. So the handler also remembers, and long work asks between its steps.

What follows at once is the same ^C, held down or sent to a whole group of processes: raised again,
it would tear what the first one unwinds. One that comes later says that this takes too long.
"""

from __future__ import annotations

import signal
import time
from types import FrameType

# The last comes when a terminal is closed; under nohup(1) it is ignored, and stays so.
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AT_ONCE_S = 1.0
# When each came, by the monotonic clock.
_seen: list[float] = []


def install() -> None:
    """Unwind on all of them alike: nothing half-made is left behind."""
    for number in _NUMBERS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def ignore() -> None:
    """All is done but for the exit code, which no signal is to change any more."""
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:
    now_s = time.monotonic()
    is_same = bool(_seen) and now_s - _seen[0] < _AT_ONCE_S
    _seen.append(now_s)
    if not is_same:
        raise KeyboardInterrupt


def caused(error: BaseException) -> bool:
    """Whether an error is what Python made of one: before 3.12 it makes a RuntimeError of whatever
    is raised while a class is told the names of its attributes (``__set_name__``)."""
    return isinstance(error.__cause__, KeyboardInterrupt)


def check() -> None:
    """Raise KeyboardInterrupt if a signal came that nobody acted on."""
    if _seen:
        raise KeyboardInterrupt
