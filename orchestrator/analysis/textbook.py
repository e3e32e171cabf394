"""A visit's times beside the ranges that textbooks give."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.story import Story


@dataclass(frozen=True)
class Comparison:
    """A figure and its usual range, in milliseconds; ``unit`` is "ms" or "RTT".

    ``within`` is None where the textbook's case is not this visit's (a warm cache, no TLS).
    """

    name: str
    measured: float
    low: float
    high: float
    unit: str
    within: bool | None
    told: str


def compare_with_textbook(story: Story) -> tuple[Comparison, ...]:
    """What the literature says of each figure that this visit has."""
    return ()
