"""What a study found: per probe how long it was cut off, per fault how the routers got over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from orchestrator.records.study import FaultEvent
from orchestrator.spec.probing import Phase, ProbeKind

# What happens after a failure, in this order; where a stage left no trace it is not told.
Stage = Literal["injected", "detected", "withdrawn", "best path", "fib", "restored"]


@dataclass(frozen=True)
class Outage:
    """From the first question that failed to the first of a run of good ones.

    ``sustained`` is False where the trial ended before there was such a run: it lasted longer.
    Times are when questions were sent, in ns since 1970; the resolution is the probe's interval.
    """

    start_ns: int
    end_ns: int
    failed: int
    sustained: bool

    @property
    def ms(self) -> float:
        """How long the outage lasted, in milliseconds."""
        return (self.end_ns - self.start_ns) / 1e6


@dataclass(frozen=True)
class ProbeFinding:
    """A probe in one trial. ``lost`` counts questions without an answer; ``failed`` all that went
    wrong, by kind, the lost among them; ``slow`` good answers beyond the probe's own bound.
    Those that were not asked are ``skipped``, and not among the ``sent``.

    ``paths`` are the nodes and switches that a question crossed, there and, after the node that
    answers, back, as the capture shows: of the last good question of a phase, or of the last one,
    as far as it got; () where nothing is seen of it. ``median_ms`` is of the good answers of a
    phase. "during" begins, for these, when the probe's outage was over.
    """

    name: str
    kind: ProbeKind
    interval_ms: float
    sent: int
    lost: int
    slow: int
    failed: Mapping[str, int]
    outages: tuple[Outage, ...]
    median_ms: Mapping[Phase, float]
    p99_ms: Mapping[Phase, float]
    paths: Mapping[Phase, tuple[str, ...]]
    skipped: int = 0

    @property
    def outage_ms(self) -> float:
        """The longest outage; 0 without one."""
        return max((outage.ms for outage in self.outages), default=0.0)


@dataclass(frozen=True)
class ChainLink:
    """A step of getting over a failure: what, when (in ms after the fault began), at which node,
    and where it is seen: a frame of a node's capture, a netlink event by its index, or a line of
    a node's log.

    What no one node did has "" for a node.
    """

    stage: Stage
    ms: float
    node: str
    told: str
    frame: tuple[str, int] | None = None
    event: int | None = None
    log: tuple[str, int] | None = None


@dataclass(frozen=True)
class FaultFinding:
    """A fault and what followed: ``chain`` after it began, ``mended`` after its healing began,
    with milliseconds counted from then."""

    event: FaultEvent
    chain: tuple[ChainLink, ...]
    mended: tuple[ChainLink, ...] = ()


@dataclass(frozen=True)
class TrialFinding:
    """What one trial found: its outages, its chain of events, its paths."""

    number: int
    probes: Mapping[str, ProbeFinding]
    faults: tuple[FaultFinding, ...]
    partial: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spread:
    """A figure over the trials."""

    values: tuple[float, ...]
    median: float
    least: float
    most: float

    @property
    def range(self) -> float:
        """From the least to the most."""
        return self.most - self.least


@dataclass(frozen=True)
class Verdict:
    """An expectation, whether it held in every trial, and what was measured, in words.

    ``line`` is where the scenario says it.
    """

    expected: str
    passed: bool
    measured: str
    line: int


@dataclass(frozen=True)
class StudyFinding:
    """A study: its trials, the spread of each probe's outage, and the verdicts.

    ``partial`` says that it was interrupted, and then it did not pass.
    """

    name: str
    about: str
    trials: tuple[TrialFinding, ...]
    outage_ms: Mapping[str, Spread]
    verdicts: tuple[Verdict, ...]
    partial: bool

    @property
    def passed(self) -> bool:
        """Whether it ran to its end and all that was expected held."""
        return not self.partial and all(verdict.passed for verdict in self.verdicts)
