"""Two studies side by side: what differs in figures, probe by probe and stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from orchestrator.analysis.failover.findings import ProbeFinding, StudyFinding
from orchestrator.report.failover.choose import STAGES, milestones
from orchestrator.spec.probing import PHASES, Phase


@dataclass(frozen=True)
class Difference:
    """A figure in both studies, None where one has it not: the median over its whole trials.

    ``subject`` is a probe, or "fault" for the stages of the first fault's chain (in ms after it
    began).
    """

    subject: str
    figure: str
    unit: str
    a: float | None
    b: float | None

    @property
    def factor(self) -> float | None:
        """How many times the first the second is; None where that says nothing."""
        return self.b / self.a if self.a and self.b is not None else None


@dataclass(frozen=True)
class Comparison:
    """Two studies: their names, whether each passed, and their figures."""

    names: tuple[str, str]
    passed: tuple[bool, bool]
    trials: tuple[int, int]
    differences: tuple[Difference, ...]


def compare_studies(a: StudyFinding, b: StudyFinding) -> Comparison:
    """What differs. Probes are matched by name; one that only one study has is told too."""
    return Comparison(
        names=(a.name, b.name),
        passed=(a.passed, b.passed),
        trials=(len(a.trials), len(b.trials)),
        differences=(*_probes(a, b), *_stages(a, b)),
    )


def _probes(a: StudyFinding, b: StudyFinding) -> Iterator[Difference]:
    names = dict.fromkeys(name for study in (a, b) for t in study.trials for name in t.probes)
    for name in names:
        ours, theirs = _of(a, name), _of(b, name)
        yield Difference(
            name, "outage", "ms", *(_mid(p.outage_ms for p in x) for x in (ours, theirs))
        )
        for word in ("sent", "lost", "slow"):
            counts = (_mid(float(getattr(p, word)) for p in x) for x in (ours, theirs))
            yield Difference(name, word, "", *counts)
        failed = (_mid(float(sum(p.failed.values())) for p in x) for x in (ours, theirs))
        yield Difference(name, "failed", "", *failed)
        for phase in PHASES:
            yield Difference(
                name, f"median {phase}", "ms", _answer(ours, phase), _answer(theirs, phase)
            )


def _of(study: StudyFinding, name: str) -> list[ProbeFinding]:
    return [t.probes[name] for t in study.trials if not t.partial and name in t.probes]


def _answer(probes: list[ProbeFinding], phase: Phase) -> float | None:
    return _mid(probe.median_ms[phase] for probe in probes if phase in probe.median_ms)


def _mid(values: Iterator[float]) -> float | None:
    known = list(values)
    return median(known) if known else None


def _stages(a: StudyFinding, b: StudyFinding) -> Iterator[Difference]:
    ours, theirs = _chain(a), _chain(b)
    for stage in STAGES:
        if stage in ours or stage in theirs:
            yield Difference(
                "fault",
                stage,
                "ms",
                _mid(iter(ours.get(stage, ()))),
                _mid(iter(theirs.get(stage, ()))),
            )


def _chain(study: StudyFinding) -> dict[str, list[float]]:
    """The times of each stage of the first fault, over the whole trials."""
    found: dict[str, list[float]] = {}
    for trial in study.trials:
        for fault in trial.faults[:1] if not trial.partial else ():
            for link in milestones(fault.chain):
                found.setdefault(link.stage, []).append(link.ms)
    return found
