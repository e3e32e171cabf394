"""Looking at a lab for a report: that costs time and may itself fail.

It happens in a thread that is waited for so long and no longer, and what could not be told is a
line like any other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from orchestrator.errors import LabError

LOOK_WITHIN_S = 15.0


def told_within(told: Iterable[str], seconds: float = LOOK_WITHIN_S) -> list[str]:
    """The lines that come within so many seconds. Never raises."""
    lines: list[str] = []
    thread = threading.Thread(target=_collect, args=(told, lines), daemon=True)
    thread.start()
    thread.join(seconds)
    late = [f"(no more was told within {seconds:g} s)"] if thread.is_alive() else []
    return [*lines, *late]


def _collect(told: Iterable[str], lines: list[str]) -> None:
    try:
        for line in told:
            lines.append(line)
    except LabError as error:
        lines.append(f"cannot be told: {error.message}")
    except Exception as error:
        # A report that fails would hide why the test failed.
        lines.append(f"cannot be told: {type(error).__name__}: {error}")
