"""The critical path in the making: stretches of time, each from where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass

# What takes less is no stretch of its own: it is part of the next one.
_LEAST_NS = 500_000


@dataclass(frozen=True)
class Segment:
    """A stretch of the critical path: what was waited for. Times are since 1970-01-01 UTC."""

    name: str
    told: str
    start_ns: int
    end_ns: int

    @property
    def duration_ms(self) -> float:
        """How long the stretch is, in milliseconds."""
        return (self.end_ns - self.start_ns) / 1e6


class Path:
    """Segments without gaps or overlaps, from ``start_ns`` up to ``limit_ns`` at most."""

    def __init__(self, start_ns: int, limit_ns: int) -> None:
        self.now_ns = start_ns
        self.limit_ns = limit_ns
        self._segments: list[Segment] = []

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What there is so far."""
        return tuple(self._segments)

    def until(self, end_ns: int, name: str, told: str) -> None:
        """The next segment ends here. One that would end before it begins is left out."""
        end_ns = min(end_ns, self.limit_ns)
        if end_ns > self.now_ns:
            self._segments.append(Segment(name, told, self.now_ns, end_ns))
            self.now_ns = end_ns

    def pause(self, end_ns: int, name: str, told: str) -> None:
        """The same, where it is worth telling: what is too short goes to the next segment."""
        if min(end_ns, self.limit_ns) - self.now_ns >= _LEAST_NS:
            self.until(end_ns, name, told)
