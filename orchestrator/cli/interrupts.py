"""^C and SIGTERM, so that neither is ever lost.

Python raises a signal's exception wherever the main thread happens to be. Inside a destructor or
a library's callback it is reported and dropped, and a long command would go on as if nothing had
been said. So the handler also remembers, and long work asks between its steps.
"""

from __future__ import annotations

import signal
from types import FrameType

_seen: list[int] = []


def install() -> None:
    """Unwind on ^C and SIGTERM alike: nothing half-made is left behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _seen.append(number)
    raise KeyboardInterrupt


def check() -> None:
    """Raise KeyboardInterrupt if a signal came that nobody acted on."""
    if _seen:
        raise KeyboardInterrupt
