"""The figures of visits, side by side: the first one's, and how the later ones' spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from orchestrator.records.visit import Visit


@dataclass(frozen=True)
class Spread:
    """A figure over visits. None: it is not known of that visit, or of none of the later ones.

    ``low`` and ``high`` are the later visits' quartiles: half of them lie between (25th and 75th
    percentile, interpolated between ranks, so that of one visit all three are its figure).
    """

    first: float | None
    median: float | None
    low: float | None
    high: float | None


def list_figures(visit: Visit) -> dict[str, float | None]:
    """What is measured of a visit, by name: ms, but for the last three.

    The names are those of records.Timings and records.Vitals; ``ttfb`` is Timings.ttfb, from the
    request on, and ``first_byte`` is Vitals.ttfb, from the start of the navigation on.
    """
    timings, vitals = visit.timings_ms, visit.vitals
    return {
        "dns": timings.dns,
        "connect": timings.connect,
        "tls": timings.tls,
        "ttfb": timings.ttfb,
        "download": timings.download,
        "first_byte": vitals.ttfb,
        "first_contentful_paint": vitals.first_contentful_paint,
        "largest_contentful_paint": vitals.largest_contentful_paint,
        "dom_content_loaded": timings.dom_content_loaded,
        "load": timings.load,
        "fully_loaded": vitals.fully_loaded,
        "speed_index": vitals.speed_index,
        "total_blocking_time": vitals.total_blocking_time,
        "cumulative_layout_shift": vitals.cumulative_layout_shift,
        "requests": sum(part.requests for part in visit.transfers) or None,
        "bytes": sum(part.bytes for part in visit.transfers) or None,
    }


def spread_figures(visits: Sequence[Visit]) -> dict[str, Spread]:
    """Each figure's spread over visits, of which there is at least one."""
    first, *later = (list_figures(visit) for visit in visits)
    return {
        name: _spread(value, [figures[name] for figures in later]) for name, value in first.items()
    }


def _spread(first: float | None, later: Sequence[float | None]) -> Spread:
    known = [value for value in later if value is not None]
    if len(known) < 2:
        only = known[0] if known else None
        return Spread(first, only, only, only)
    low, _, high = quantiles(known, n=4, method="inclusive")
    return Spread(first, median(known), low, high)
