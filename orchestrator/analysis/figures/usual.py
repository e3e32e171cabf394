"""A figure beside the range that the literature gives for its case."""

from __future__ import annotations

from dataclasses import dataclass

# Why a range is not held against a figure.
OTHER_CASE, FAILED = "this is another case", "this one failed"
# What the two ends compute meanwhile, which is no part of a round trip: the most that passes.
COMPUTING_MS = 15.0


@dataclass(frozen=True)
class Comparison:
    """A figure and its usual range, in milliseconds; ``unit`` is "ms" or "RTT".

    ``within`` says that it took no longer than ``high``: faster than ``low`` is good too. None is
    where they do not compare: the case is not this visit's (an edge that had to ask its origin), or
    what was measured failed.
    """

    name: str
    measured: float
    low: float
    high: float
    unit: str
    within: bool | None
    told: str


def compare(
    name: str,
    measured_ms: float,
    usual: tuple[float, float],
    case: str,
    why: str = "",
    apart: str = "",
) -> Comparison:
    """A time. ``case`` is what the range is for, ``why`` what the evidence says of a figure beyond
    it, and ``apart`` why they do not compare, if they do not."""
    low, high = usual
    within = None if apart else measured_ms <= high
    told = (
        f"{name} took {measured_ms:.1f} ms; {case} takes {low:.0f} to {high:.0f} ms: "
        f"{apart or _verdict(measured_ms, low, high)}.{why if not within else ''}"
    )
    return Comparison(name, round(measured_ms, 2), low, high, "ms", within, told)


def compare_trips(
    name: str,
    measured_ms: float,
    trip_ms: float,
    usual: tuple[float, float],
    case: str,
    why: str = "",
    apart: str = "",
) -> Comparison:
    """A time in round trips of ``trip_ms``. What the two ends compute is not held against it, but
    where the evidence has another reason, as ``why``."""
    (low, high), trips = usual, measured_ms / trip_ms
    is_computing = not why and high < trips <= high + COMPUTING_MS / trip_ms
    within = None if apart else trips <= high or is_computing
    verdict = _verdict(trips, low, high)
    if is_computing:
        verdict = f"as usual, and {(trips - high) * trip_ms:.1f} ms of computing"
    told = (
        f"{name} took {trips:.1f} RTT; {case} takes {low:.1f} to {high:.1f} RTT: "
        f"{apart or verdict}.{why if not within else ''}"
    )
    return Comparison(name, round(trips, 2), low, high, "RTT", within, told)


def _verdict(measured: float, low: float, high: float) -> str:
    if measured > high:
        return "this was longer"
    return "this was quicker" if measured < low else "as usual"
