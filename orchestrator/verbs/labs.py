"""Which labs there are."""

from __future__ import annotations

from orchestrator.plan.model import Plan
from orchestrator.runtime.disk.labs import Names, known_labs, read_names
from orchestrator.runtime.disk.state import LabState

__all__ = ["Names", "known_labs", "plan_of", "read_names"]


def plan_of(lab: str) -> Plan:
    """The plan that a running lab was booted from. Raises UsageError where there is no such lab."""
    return LabState(lab).plan()
