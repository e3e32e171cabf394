"""The faults in force in a lab, on disk: what it takes to undo each is written before it is done.

<lab>/faults.json   [{id, fault, target, options, memo, begun_ns, in_force_ns}, …]
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from orchestrator.files import replace_json
from orchestrator.plan.codec import from_plain, to_plain
from orchestrator.records.in_force import InForce
from orchestrator.runtime.disk.state import LabState


def read_ledger(state: LabState) -> tuple[InForce, ...]:
    """What is in force, in the order in which it was begun."""
    try:
        plain = json.loads((state.folder / "faults.json").read_text())
    except FileNotFoundError:
        return ()
    return tuple(from_plain(InForce, entry) for entry in plain)


def write_ledger(state: LabState, entries: Iterable[InForce]) -> None:
    """Record what is in force, all or nothing. The lab must be locked."""
    replace_json(state.folder / "faults.json", [to_plain(entry) for entry in entries])


def next_id(entries: Iterable[InForce]) -> int:
    """A number that no fault in force has."""
    return 1 + max((entry.id for entry in entries), default=0)
