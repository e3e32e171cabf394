"""The captures that run in a lab by themselves, in its record; and how they end.

Each is a process of its own (capture/capmux.c), recorded while it still depends on who started
it. What it prints when it ends, its counts, goes to a file in the lab's state folder.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.runtime.disk.state import LabState, RunningCapture
from orchestrator.runtime.network.offloads import release

_ENDS_WITHIN_S = 30.0


def output_of(state: LabState, capture: int) -> Path:
    """Where a capture's process writes what it has to say; its complaints are in `.err`."""
    return state.folder / "captures" / f"{capture}.out"


def hold_of(state: LabState, capture: int) -> str:
    """By what name a capture keeps the offloads of its interfaces off."""
    return f"{state.folder}/{capture}"


def add_capture(state: LabState, capture: RunningCapture) -> None:
    """Record a capture. The lab must be locked."""
    state.update(captures=(*state.record().captures, capture))


def forget_capture(state: LabState, capture: int) -> None:
    """Take a capture that has ended out of the record. The lab must be locked."""
    kept = tuple(each for each in state.record().captures if each.id != capture)
    state.update(captures=kept)
    output_of(state, capture).unlink(missing_ok=True)
    output_of(state, capture).with_suffix(".err").unlink(missing_ok=True)


def end_capture(state: LabState, capture: RunningCapture) -> bool:
    """End a capture's process, which finishes its files first. False if it had ended before."""
    ended = capture.process.end(asked_s=_ENDS_WITHIN_S)
    release(hold_of(state, capture.id))
    return ended


def end_captures(state: LabState) -> None:
    """End all that run; fine where there is none. The nodes' files are whole then."""
    for capture in state.record().captures:
        end_capture(state, capture)
