"""What a visit is before it happens, and the clock its record is written in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.records.visit import Cold


@dataclass(frozen=True)
class Click:
    """The run's id, the client node's name, and which caches were emptied for it."""

    run: str
    node: str
    cold: Cold


def wall_clock(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, with microseconds.

    >>> wall_clock(1.5)
    '1970-01-01T00:00:01.500000+00:00'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
