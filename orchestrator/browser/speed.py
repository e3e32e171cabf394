"""How complete the screen was, moment by moment, and the Speed Index that follows from it.

As Speedline and WebPageTest do it: a frame is as complete as the histograms of its colours have
come from the first frame's to the last one's. Where a shade has overshot, what counts is how much
of the way was asked for.
https://docs.webpagetest.org/metrics/speedindex/
"""

from __future__ import annotations

from collections.abc import Sequence

# Per colour. 256 would take JPEG's noise for progress.
SHADES = 64
# Pixels by shade: SHADES of red, then of green, then of blue.
Histogram = Sequence[int]


def judge_completeness(histograms: Sequence[Histogram]) -> list[float]:
    """0..1 for each frame; the last is 1, and so is the first when nothing ever changed."""
    if not histograms:
        return []
    first, last = histograms[0], histograms[-1]
    way = [end - start for start, end in zip(first, last, strict=True)]
    total = sum(abs(wanted) for wanted in way)
    if not total:
        return [1.0] * len(histograms)
    return [_come(first, histogram, way) / total for histogram in histograms]


def _come(first: Histogram, now: Histogram, way: Sequence[int]) -> int:
    """How much of the way has been gone, in pixels."""
    gone = (shade - start for start, shade in zip(first, now, strict=True))
    return sum(
        min(abs(done), abs(wanted))
        for done, wanted in zip(gone, way, strict=True)
        if (done > 0) == (wanted > 0)
    )


def measure_speed(moments: Sequence[tuple[float, float]]) -> float:
    """The Speed Index of (ms since the start of the navigation, completeness) pairs, in order.

    It is the area over the curve: until the first pair nothing is there.
    """
    index, last_ms, complete = 0.0, 0.0, 0.0
    for at_ms, now in moments:
        index += (at_ms - last_ms) * (1 - complete)
        last_ms, complete = at_ms, now
    return index
