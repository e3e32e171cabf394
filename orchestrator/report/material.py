"""What a report is made of: a journey, the evidence it was told from, and pictures of the page."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.evidence import Evidence
from orchestrator.analysis.journey import Journey


@dataclass(frozen=True)
class Picture:
    """An image file: its bytes and media type. Of a film, when it was taken, in ms since the
    start of the navigation, and how much of the page's final look it had, from 0 to 1."""

    data: bytes
    media_type: str
    at_ms: float | None = None
    complete: float | None = None


@dataclass(frozen=True)
class Material:
    """``screenshot`` is None without one, ``film`` is in the order of time."""

    journey: Journey
    evidence: Evidence
    screenshot: Picture | None = None
    film: tuple[Picture, ...] = ()
