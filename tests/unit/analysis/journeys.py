"""Journeys written by hand, for tests of what is found in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.records.visit import Vitals
from tests.unit.analysis.builders import VISIT, at


def step(kind: str, nodes: str, start_ms: float, end_ms: float, **more: Any) -> Step:
    """`nodes` are written "laptop home-gw"; the title is the kind's unless another is given."""
    given = {"title": kind, "told": "", "proofs": (), **more}
    return Step(
        kind=kind, nodes=tuple(nodes.split()), start_ns=at(start_ms), end_ns=at(end_ms), **given
    )


def journey(*steps: Step, first_byte_ms: float | None = 500.0) -> Journey:
    """A journey whose page loaded after a second."""
    visit = replace(VISIT, vitals=Vitals(ttfb=first_byte_ms))
    return Journey(visit, at(0), at(1000), steps, (), {}, (), ())
