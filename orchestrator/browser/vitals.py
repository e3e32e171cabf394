"""A page's PerformanceEntry objects → its vitals and its moments. records.Vitals has the terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.browser.exchange import Exchange
from orchestrator.records.visit import ResourceKind, Timings, Transfer, Vitals

Entry = Mapping[str, Any]
Timeline = Mapping[str, Sequence[Entry]]

# https://web.dev/articles/cls
SHIFT_GAP_MS, SHIFT_WINDOW_MS = 1000.0, 5000.0
# https://web.dev/articles/tbt
LONG_MS = 50.0
# The protocol's ResourceType, in small letters, where it is not a kind of its own.
KINDS: Mapping[str, ResourceKind] = {
    **{kind: kind for kind in ("document", "stylesheet", "script", "image", "font", "xhr")},
    "fetch": "xhr",
}


def measure_vitals(timeline: Timeline, fully_loaded_ms: float | None) -> Vitals:
    """What a timeline tells; all but `fully_loaded` None when it is empty."""
    known = Vitals(fully_loaded=fully_loaded_ms)
    if not timeline.get("navigation"):
        return known
    contentful_ms = _paint(timeline, "first-contentful-paint")
    known = replace(
        known,
        ttfb=timeline["navigation"][0]["responseStart"] or None,
        first_contentful_paint=contentful_ms,
    )
    if "layout-shift" not in timeline:
        return known
    largest = timeline["largest-contentful-paint"]
    last = largest[-1] if largest else {}
    return replace(
        known,
        largest_contentful_paint=last.get("startTime"),
        largest_element=last.get("element"),
        largest_url=last.get("url") or None,
        cumulative_layout_shift=sum_shifts(timeline["layout-shift"]),
        total_blocking_time=_blocking(timeline["longtask"], contentful_ms, fully_loaded_ms),
    )


def sum_shifts(entries: Iterable[Entry]) -> float:
    """The worst session window of LayoutShift entries, 0 without any."""
    worst = total = 0.0
    first_ms = last_ms = -SHIFT_WINDOW_MS
    for entry in entries:
        if entry["hadRecentInput"]:
            continue
        now_ms = entry["startTime"]
        if now_ms - last_ms >= SHIFT_GAP_MS or now_ms - first_ms >= SHIFT_WINDOW_MS:
            first_ms, total = now_ms, 0.0
        last_ms, total = now_ms, total + entry["value"]
        worst = max(worst, total)
    return worst


def sum_blocking(tasks: Iterable[Entry], start_ms: float, end_ms: float) -> float:
    """What PerformanceLongTaskTiming entries took beyond 50 ms each, between two moments."""
    spans = (
        min(task["startTime"] + task["duration"], end_ms) - max(task["startTime"], start_ms)
        for task in tasks
    )
    return sum((span - LONG_MS for span in spans if span > LONG_MS), 0.0)


def _blocking(tasks: Iterable[Entry], start_ms: float | None, end_ms: float | None) -> float | None:
    if start_ms is None or end_ms is None:
        return None
    return sum_blocking(tasks, start_ms, end_ms)


def _paint(timeline: Timeline, name: str) -> float | None:
    starts = {entry["name"]: entry["startTime"] for entry in timeline.get("paint", ())}
    return starts.get(name)


def find_moments(
    timeline: Timeline, born_ms: float | None, fully_loaded_ms: float | None
) -> list[dict[str, Any]]:
    """When what happened to the page, in the order in which it did: {"name", "startTime"} each.

    "parse-start" is when the document was made, a few ms before the HTML parser got its first
    octets (5 ms at most in Chromium's own trace); "parse-end" is domInteractive, which the parser
    itself sets when it is done. What did not happen is not there.
    """
    if not timeline.get("navigation"):
        return []
    page = timeline["navigation"][0]
    largest = timeline.get("largest-contentful-paint", ())
    moments = {
        "response-start": page["responseStart"],
        "response-end": page["responseEnd"],
        "parse-start": born_ms,
        "parse-end": page["domInteractive"],
        "dom-content-loaded": page["domContentLoadedEventEnd"],
        "first-paint": _paint(timeline, "first-paint"),
        "first-contentful-paint": _paint(timeline, "first-contentful-paint"),
        "largest-contentful-paint": largest[-1]["startTime"] if largest else None,
        "load": page["loadEventEnd"],
        "fully-loaded": fully_loaded_ms,
    }
    happened = [{"name": name, "startTime": at} for name, at in moments.items() if at]
    return sorted(happened, key=lambda moment: float(moment["startTime"]))


def find_fully_loaded(
    timings: Timings, exchanges: Iterable[Exchange], started_s: float
) -> float | None:
    """End of the last exchange or of the load event, ms; None when the page did not load."""
    if timings.load is None:
        return None
    ends = [1000 * (e.ended_s - started_s) for e in exchanges if e.ended_s is not None]
    return max([timings.load, *ends])


def kind_of(exchange: Exchange) -> ResourceKind:
    """What an exchange was for, in the words of the record."""
    return KINDS.get(exchange.kind, "other")


def sum_transfers(exchanges: Sequence[Exchange]) -> tuple[Transfer, ...]:
    """Requests and octets by kind, in the order in which the kinds were first asked for."""
    of_kind = {
        kind_of(exchange): [e for e in exchanges if kind_of(e) == kind_of(exchange)]
        for exchange in exchanges
    }
    return tuple(
        Transfer(kind, len(found), sum(exchange.wire_bytes for exchange in found))
        for kind, found in of_kind.items()
    )
