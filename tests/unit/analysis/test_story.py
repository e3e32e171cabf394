"""When a visit ended."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.records.visit import Timings
from tests.unit.analysis.builders import VISIT, Recording, at

FAILED = replace(VISIT, status=None, error="dns", timings_ms=Timings(), ended_ms=37.4)


def test_a_visit_that_sent_nothing_ends_when_the_client_gave_it_up() -> None:
    """A host that got no lease was told to have visited for -473 ms."""
    run = Recording(visit=FAILED)
    run.saw("laptop", -473.0)
    assert run.story().ended_ns == at(37.4)


def test_a_visit_that_failed_ends_with_the_last_that_was_seen() -> None:
    run = Recording(visit=FAILED)
    run.saw("laptop", -5.0)
    run.saw("laptop", 30.0)
    assert run.story().ended_ns == at(30.0)
