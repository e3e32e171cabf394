"""Where a node can be entered: for `exec`, `shell` and `logs`."""

from __future__ import annotations

from orchestrator.plan.lookups import node_of
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import require_root


def container_of(name: str, node: str) -> str:
    """What Docker calls a node of a running lab. Raises UsageError where there is none."""
    require_root()
    return system_name(name, node_of(LabState(name).plan(), node).name)
