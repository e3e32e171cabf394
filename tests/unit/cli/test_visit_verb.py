"""How `lab visit` ends."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.cli.visit import exit_code
from orchestrator.records.visit import Resource
from tests.unit.analysis.builders import VISIT

MISSING = Resource("https://www.example.com/a.png", 503, "h2", 90, 1.0, 2.0)


def test_a_page_that_lacks_files_exits_1_unless_asked_otherwise() -> None:
    degraded = replace(VISIT, resources=(MISSING,))
    assert exit_code([VISIT]) == 0
    assert exit_code([VISIT, degraded]) == 1
    assert exit_code([VISIT, degraded], allow_degraded=True) == 0


def test_a_failed_visit_exits_1_whatever_is_allowed() -> None:
    assert exit_code([replace(VISIT, error="http")], allow_degraded=True) == 1
