"""Faults that begin, take hold and are healed, as the lab's ledger has them; and the lab's end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.events.files import told_of_changes
from orchestrator.events.names import Names
from orchestrator.events.scene import Scene
from orchestrator.records.study import NetworkEvent

_LEDGER = "faults.json"
_SAID = {"injected": "begins", "in force": "is in force", "healed": "is healed"}
Entries = Mapping[str, Mapping[str, Any]]


@contextmanager
def watch_ledger(scene: Scene) -> Iterator[None]:
    """Tell how the ledger changes, and that the lab's folder is gone."""
    folder = scene.state.folder
    known = read_entries(folder / _LEDGER)
    ended = False

    def changed(path: Path) -> None:
        nonlocal known, ended
        now_ns = time.time_ns()
        if not path.exists():
            if not ended:
                scene.tell(NetworkEvent(now_ns, "", "lab", "down", scene.state.lab))
            ended = True
            return
        entries = read_entries(path / _LEDGER)
        for event in compare(known, entries, now_ns):
            scene.tell(event)
        known = entries

    with told_of_changes([folder], changed):
        yield


def read_entries(path: Path) -> Entries:
    """What is in force by id; nothing where there is no ledger."""
    try:
        return {str(entry["id"]): entry for entry in json.loads(path.read_text())}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def compare(before: Entries, after: Entries, now_ns: int) -> Iterator[NetworkEvent]:
    """What happened between two states of the ledger."""
    for number, entry in before.items():
        if number not in after:
            yield _event(now_ns, "healed", entry)
    for number, entry in after.items():
        if number not in before:
            yield _event(entry.get("begun_ns") or now_ns, "injected", entry)
        if entry.get("in_force_ns") and not before.get(number, {}).get("in_force_ns"):
            yield _event(entry["in_force_ns"], "in force", entry)


def _event(time_ns: int, action: str, entry: Mapping[str, Any]) -> NetworkEvent:
    detail = {
        "id": entry["id"],
        "fault": entry.get("fault", ""),
        "options": entry.get("options", {}),
    }
    return NetworkEvent(time_ns, "", "fault", action, str(entry.get("target", "")), detail)


def say_faults(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``fault 1, link-blackhole a--b, is in force``."""
    for event in events:
        said = _SAID.get(event.action, event.action)
        what = f"{event.detail['fault']} {event.subject}".strip()
        yield f"fault {event.detail['id']}, {what}, {said}"


def say_lab(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """The first words and the last."""
    for event in events:
        yield f"lab {event.subject} is {event.action}"
