"""Take a lab down; say whose it is."""

from __future__ import annotations

from orchestrator.runtime import boot
from orchestrator.runtime.disk.origin import Origin
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root


def down(name: str) -> int:
    """Remove everything that lab ``name`` made, and only that. Returns how many nodes it had."""
    state = LabState(name)
    require_root()
    client = connect()
    with state.locked():
        return boot.take_down(client, state)


def origin_of(name: str) -> Origin | None:
    """Who booted a lab, where; None where that was not recorded."""
    return LabState(name).record().origin
