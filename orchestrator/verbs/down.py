"""Take a lab down."""

from __future__ import annotations

from orchestrator.runtime import boot
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root


def down(name: str) -> int:
    """Remove everything that lab ``name`` made, and only that. Returns how many nodes it had."""
    require_root()
    client, state = connect(), LabState(name)
    with state.locked():
        return boot.take_down(client, state)
