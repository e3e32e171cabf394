"""The net under judging: runs whose files read well, each for itself, and contradict each other.

What a file may hold is decided at the door (runs/door.py). What a stranger's plan and packets have
to do with each other is decided nowhere, and may end anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import LabError

_SHOWN = 120


class Contradiction(LabError):
    """A run that says what cannot be, or a bug of ours: nobody can tell from here."""


@contextmanager
def judging(folder: Path) -> Iterator[None]:
    """Raise Contradiction for what nobody expected, with the log of it: it may be a bug of ours."""
    try:
        yield
    except (LabError, OSError):
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN]
        message = f"{folder} cannot be told, for its files contradict each other ({said})"
        hint = f"if nobody changed them it is a bug: please report it{_logged(error)}"
        raise Contradiction(message, hint) from error


def _logged(error: Exception) -> str:
    from orchestrator.verbs.bugs import write_log

    try:
        return f" with {write_log(error)}"
    except OSError:
        return ""
