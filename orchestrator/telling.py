"""A run's journey, told: run folder → evidence → journey → files beside the evidence."""

from __future__ import annotations

from pathlib import Path

from orchestrator.analysis.journey import Journey, tell_journey
from orchestrator.runs.read import read_run


def tell(folder: Path) -> Journey:
    """Analyse a run. Raises as read_run does."""
    return tell_journey(read_run(folder))
