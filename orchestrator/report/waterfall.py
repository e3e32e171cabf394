"""The waterfall: each exchange of the page as a bar, split by what it waited for (HAR 1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.analysis.journey import Journey
from orchestrator.report.words import duration_ms

# In the order in which they happen. HAR counts TLS as a part of connecting; here it is beside it.
PHASES = ("blocked", "dns", "connect", "tls", "send", "wait", "receive")


@dataclass(frozen=True)
class Bar:
    """A stretch of time since the start of the navigation, in ms. Of the critical path ``phase``
    is the place of its name among the names there."""

    phase: str
    start_ms: float
    duration_ms: float


@dataclass(frozen=True)
class Row:
    """An exchange: its short name, its URL, its bars, and figures for the table."""

    name: str
    url: str
    status: int
    wire_bytes: int
    start_ms: float
    duration_ms: float
    bars: tuple[Bar, ...]

    @property
    def phases(self) -> dict[str, float]:
        """How long each phase took, ms."""
        return {bar.phase: bar.duration_ms for bar in self.bars}


@dataclass(frozen=True)
class Waterfall:
    """Rows in the order sent, the critical path, moments worth a line, and how long it all took."""

    rows: tuple[Row, ...]
    critical: tuple[tuple[str, Bar], ...]
    marks: tuple[tuple[str, float], ...]
    span_ms: float
    ticks_ms: tuple[float, ...]

    @property
    def waits(self) -> tuple[str, ...]:
        """The names on the critical path, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.critical))


def draw_waterfall(journey: Journey, har: Mapping[str, Any]) -> Waterfall:
    """The waterfall of a visit; without a HAR it has the critical path alone."""
    entries = har.get("log", {}).get("entries", [])
    rows = tuple(_row(entry, journey.started_ns) for entry in entries)
    names = list(dict.fromkeys(segment.name for segment in journey.critical))
    critical = tuple(
        (s.name, Bar(str(names.index(s.name)), _since(journey, s.start_ns), s.duration_ms))
        for s in journey.critical
    )
    marks = tuple(_marks(journey))
    ends = [row.start_ms + row.duration_ms for row in rows]
    ends += [bar.start_ms + bar.duration_ms for _, bar in critical] + [at for _, at in marks]
    span = max([*ends, duration_ms(journey), 1.0])
    return Waterfall(rows, critical, marks, span, _ticks(span))


def _since(journey: Journey, time_ns: int) -> float:
    return (time_ns - journey.started_ns) / 1e6


def _row(entry: Mapping[str, Any], started_ns: int) -> Row:
    started = datetime.fromisoformat(entry["startedDateTime"])
    start_ms = started.timestamp() * 1e3 - started_ns / 1e6
    bars = tuple(_bars(entry["timings"], start_ms))
    response, url = entry["response"], str(entry["request"]["url"])
    # An address may be long, and nothing says that it is a real one.
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    return Row(
        name=(path.rpartition("/")[2] or f"/{path}")[:28],
        url=url,
        status=int(response["status"]),
        wire_bytes=max(int(response.get("_transferSize") or 0), 0),
        start_ms=start_ms,
        duration_ms=max(float(entry["time"]), 0.0),
        bars=bars,
    )


def _bars(timings: Mapping[str, Any], start_ms: float) -> Iterator[Bar]:
    known = {name: max(float(timings.get(name) or 0), 0.0) for name in (*PHASES, "ssl")}
    known |= {"tls": known["ssl"], "connect": max(known["connect"] - known["ssl"], 0.0)}
    for phase in PHASES:
        if known[phase] > 0:
            yield Bar(phase, start_ms, known[phase])
            start_ms += known[phase]


def _marks(journey: Journey) -> Iterator[tuple[str, float]]:
    times, paint = journey.visit.timings_ms, journey.visit.paint
    moments = {
        "first paint": paint.first_contentful_paint,
        "DOM ready": times.dom_content_loaded,
        "load": times.load,
    }
    yield from ((name, at) for name, at in moments.items() if at is not None)


def _ticks(span_ms: float) -> tuple[float, ...]:
    """At round figures, five to ten of them."""
    step = next(
        power * factor
        for power in (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
        for factor in (1, 2, 5)
        if span_ms / (power * factor) <= 10
    )
    return tuple(float(n * step) for n in range(int(span_ms // step) + 1))
