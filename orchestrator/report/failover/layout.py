"""The plot of a trial as shapes: a lane per probe, spans of faults, lines of the chain.

Time goes from left to right, 0 is when the first fault began. A dot is an answer, as high as
it took (log scale); a tick at the lane's foot is a question that failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.analysis.failover.findings import ProbeFinding, TrialFinding
from orchestrator.records.study import FaultEvent, Sample, Trial
from orchestrator.report.failover.choose import longest, milestones
from orchestrator.report.failover.scale import (
    LogScale,
    Scale,
    log_scale,
    stack,
    width_of,
)

WIDTH = 1000
_LEFT, _RIGHT = 150.0, 868.0
_TOP, _ROW, _LANE, _GAP, _AXIS = 8.0, 16.0, 74.0, 10.0, 34.0
_PAD, _FOOT, _TICK = 8.0, 14.0, 8.0
# A span that is narrower is drawn this wide, to be seen at all.
_NARROWEST = 2.0


@dataclass(frozen=True)
class Mark:
    """A line down through the lanes from its label, which stands right of it."""

    x: float
    y: float
    label: str
    about: str
    stage: str


@dataclass(frozen=True)
class Band:
    """A fault: from when it began to when it was healed, or to the end."""

    x: float
    width: float
    y: float
    label: str


@dataclass(frozen=True)
class Failures:
    """Questions that failed in one way, as an SVG path of ticks."""

    kind: str
    ticks: str


@dataclass(frozen=True)
class Lane:
    """A probe. ``dots`` is an SVG path of points; ``gap`` is (x, width, label) of its outage."""

    name: str
    about: tuple[str, ...]
    y: float
    height: float
    ticks: tuple[tuple[float, str], ...]
    dots: str
    failures: tuple[Failures, ...]
    gap: tuple[float, float, str] | None
    counts: tuple[str, ...]


@dataclass(frozen=True)
class Plot:
    """All shapes, and the drawing's height."""

    height: float
    left: float
    right: float
    top: float
    foot: float
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    axis: tuple[tuple[float, str], ...]
    since: str


@dataclass(frozen=True)
class Window:
    """What of a trial is drawn: ms before and after its first fault began."""

    start_ms: float
    end_ms: float


def origin_ns(trial: Trial) -> int:
    """When the first fault began; without one, when the trial did."""
    return min((fault.begun_ns for fault in trial.faults), default=trial.started_ns)


def whole(trial: Trial) -> Window:
    """The span of time of a whole trial."""
    zero = origin_ns(trial)
    ends = [trial.ended_ns, *(sample.due_ns for sample in trial.samples)]
    return Window((trial.started_ns - zero) / 1e6, (max(ends) - zero) / 1e6)


def lay_out(finding: TrialFinding, trial: Trial, window: Window, probes: Sequence[str]) -> Plot:
    """The plot of a trial, of these probes."""
    zero = origin_ns(trial)
    time = Scale(window.start_ms, window.end_ms, _LEFT, _RIGHT)
    bands = list(_bands(trial.faults, zero, time))
    marks = list(_marks(finding, zero, time, _TOP + _ROW * len(bands)))
    top = max([mark.y for mark in marks], default=_TOP + _ROW * len(bands)) + 8
    lanes = []
    for number, name in enumerate(probes):
        samples = [s for s in trial.samples if s.probe == name and _shown(s, zero, window)]
        y = top + number * (_LANE + _GAP)
        lanes.append(_lane(finding.probes[name], samples, y, zero, time))
    foot = top + len(lanes) * (_LANE + _GAP) - _GAP if lanes else top
    return Plot(
        height=foot + _AXIS,
        left=_LEFT,
        right=_RIGHT,
        top=top,
        foot=foot,
        bands=tuple(bands),
        marks=tuple(marks),
        lanes=tuple(lanes),
        axis=tuple((time.at(ms), _in_axis(ms, time)) for ms in time.ticks()),
        since="after the fault began" if trial.faults else "after the trial began",
    )


def _shown(sample: Sample, zero: int, window: Window) -> bool:
    return window.start_ms <= (sample.sent_ns - zero) / 1e6 <= window.end_ms


def _in_axis(ms: float, time: Scale) -> str:
    """Seconds where the plot is of seconds."""
    return f"{ms / 1e3:g} s" if time.high - time.low >= 3_000 else f"{ms:g} ms"


def _bands(faults: Sequence[FaultEvent], zero: int, time: Scale) -> Iterable[Band]:
    for number, fault in enumerate(faults):
        ended_ns = fault.healed_ns or fault.heal_begun_ns or fault.well_ns
        start = time.at((fault.begun_ns - zero) / 1e6)
        end = time.at((ended_ns - zero) / 1e6) if ended_ns else time.end
        y = _TOP + _ROW * (number + 0.75)
        yield Band(start, max(_NARROWEST, end - start), y, f"{fault.fault} {fault.target}")


def _marks(finding: TrialFinding, zero: int, time: Scale, top: float) -> Iterable[Mark]:
    """The stages of every fault's chain, and of what followed its healing."""
    told: list[tuple[float, str, str, str]] = []
    for fault in finding.faults:
        begun_ms = (fault.event.begun_ns - zero) / 1e6
        healed_ns = fault.event.heal_begun_ns
        for chain, from_ms in (
            (fault.chain, begun_ms),
            (fault.mended, (healed_ns - zero) / 1e6 if healed_ns else begun_ms),
        ):
            for link in milestones(chain):
                at_ms = from_ms + link.ms
                if link.stage != "injected" and time.low <= at_ms <= time.high:
                    label = f"{link.stage} {link.ms:,.0f} ms"
                    told.append((time.at(at_ms), label, link.told, link.stage))
    told.sort(key=lambda mark: mark[0])
    rows = stack([(x, width_of(label) + 10) for x, label, _, _ in told])
    for (x, label, about, stage), row in zip(told, rows, strict=True):
        yield Mark(x, top + _ROW * (row + 0.75), label, about, stage.replace(" ", "-"))


def _lane(probe: ProbeFinding, samples: Sequence[Sample], y: float, zero: int, time: Scale) -> Lane:
    good = [s for s in samples if s.good and s.took_ms is not None]
    height = log_scale([s.took_ms or 0.0 for s in good], y + _LANE - _FOOT, y + _PAD)
    kinds = Counter(str(s.failure) for s in samples if not s.good)
    return Lane(
        name=probe.name,
        about=(probe.kind, f"every {probe.interval_ms:g} ms"),
        y=y,
        height=_LANE,
        ticks=_thinned(height),
        dots=_dots(good, zero, time, height),
        failures=tuple(Failures(k, _ticks(samples, k, zero, time, y + _LANE)) for k in kinds),
        gap=_gap(probe, zero, time),
        counts=tuple(f"{count:,} {kind}" for kind, count in kinds.most_common()),
    )


def _thinned(height: LogScale) -> tuple[tuple[float, str], ...]:
    """Ticks far enough from each other to be read."""
    kept: list[tuple[float, str]] = []
    for value in height.ticks():
        place = height.at(value)
        if not kept or kept[-1][0] - place >= 13:
            kept.append((place, f"{value:g} ms"))
    return tuple(kept)


def _dots(good: Sequence[Sample], zero: int, time: Scale, height: LogScale) -> str:
    """Each a line without length, which a round cap makes a dot; those at one place once."""
    places = dict.fromkeys(
        (f"{time.at((s.sent_ns - zero) / 1e6):.1f}", f"{height.at(s.took_ms or 0.0):.0f}")
        for s in good
    )
    return "".join(f"M{x} {y}h0" for x, y in places)


def _ticks(samples: Sequence[Sample], kind: str, zero: int, time: Scale, foot: float) -> str:
    failed = (time.at((s.sent_ns - zero) / 1e6) for s in samples if s.failure == kind)
    places = dict.fromkeys(f"{x:.1f}" for x in failed)
    return "".join(f"M{x} {foot - _TICK - 2:.0f}v{_TICK:.0f}" for x in places)


def _gap(probe: ProbeFinding, zero: int, time: Scale) -> tuple[float, float, str] | None:
    outage = longest(probe)
    if outage is None:
        return None
    start, end = (time.at((ns - zero) / 1e6) for ns in (outage.start_ns, outage.end_ns))
    if end <= time.start or start >= time.end:
        return None
    label = f"{'' if outage.sustained else '> '}{outage.ms:,.0f} ms"
    return start, max(_NARROWEST, end - start), label
