"""The faults in force in a lab, on disk: what it takes to undo each is written before it is done.

<lab>/faults.json   [{id, fault, target, options, memo, begun_ns, in_force_ns}, …]
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.files import replace_json
from orchestrator.plan.codec import from_plain, to_plain
from orchestrator.runtime.disk.state import LabState


@dataclass(frozen=True)
class InForce:
    """A fault that was begun and not yet healed; ``in_force_ns`` is 0 until it was seen to be.

    Times are nanoseconds since 1970 UTC.
    """

    id: int
    fault: str
    target: str
    options: dict[str, str]
    memo: dict[str, Any] = field(default_factory=dict)
    begun_ns: int = 0
    in_force_ns: int = 0

    def __str__(self) -> str:
        chosen = " ".join(f"{name}={value}" for name, value in self.options.items() if value)
        return f"{self.fault} {self.target} {chosen}".strip()

    def told(self) -> dict[str, Any]:
        """What a user may know of it, as JSON: all but what it takes to undo it."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key != "memo"}


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
