"""The critical path: what the load event waited for, moment by moment."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.story import Story


@dataclass(frozen=True)
class Segment:
    """A stretch of the critical path: what was waited for, and what shows its two ends."""

    name: str
    told: str
    start_ns: int
    end_ns: int

    @property
    def duration_ms(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / 1e6


def find_critical_path(story: Story) -> tuple[Segment, ...]:
    """The segments from the click to the load event, in order."""
    return ()
