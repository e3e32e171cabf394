"""Changing the links of a running lab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import require_root
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.network.wiring import namespaces_of


@contextmanager
def links_of(lab: str) -> Iterator[LinkLayer]:
    """The links of a running lab, held so that nobody else changes them meanwhile."""
    require_root()
    state = LabState(lab)
    plan = state.plan()
    with state.locked():
        yield LinkLayer(state, plan, namespaces_of(plan))
