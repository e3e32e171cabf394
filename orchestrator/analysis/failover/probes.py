"""One probe in one trial: what was sent, lost and slow, and how long answers took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from orchestrator.analysis.failover.findings import Outage, ProbeFinding
from orchestrator.analysis.failover.outages import find_outages
from orchestrator.analysis.failover.phases import Span, find_phases
from orchestrator.records.study import ProbeRun, Sample, Trial
from orchestrator.spec.probing import Phase


def judge_probe(
    trial: Trial, probe: ProbeRun, paths: Mapping[Phase, tuple[str, ...]]
) -> ProbeFinding:
    """All that is said of a probe; its paths are found elsewhere (paths.py)."""
    samples = samples_of(trial, probe.name)
    asked = [sample for sample in samples if sample.failure != "skipped"]
    took_ms = {
        phase: [s.took_ms for s in chosen if s.good and s.took_ms is not None]
        for phase, chosen in by_phase(trial, samples).items()
    }
    failures: Counter[str] = Counter(
        sample.failure for sample in asked if sample.failure is not None
    )
    return ProbeFinding(
        name=probe.name,
        kind=probe.kind,
        interval_ms=probe.interval_ms,
        sent=len(asked),
        lost=failures["lost"],
        slow=sum(_is_slow(sample, probe) for sample in asked),
        failed=dict(failures),
        outages=find_outages(samples, trial.ended_ns),
        median_ms={phase: median(values) for phase, values in took_ms.items() if values},
        p99_ms={phase: percentile(values, 99) for phase, values in took_ms.items() if values},
        paths=paths,
        skipped=len(samples) - len(asked),
    )


def samples_of(trial: Trial, probe: str) -> list[Sample]:
    """The samples of a probe, in the order in which they were sent."""
    found = [sample for sample in trial.samples if sample.probe == probe]
    return sorted(found, key=lambda sample: sample.sent_ns)


def by_phase(trial: Trial, samples: Sequence[Sample]) -> dict[Phase, list[Sample]]:
    """The samples of one probe, by the phase in which they were sent.

    What was sent while the routers still got over the fault, or over its end, is in none: not
    until the outage that came with it was over.
    """
    outages = find_outages(samples, trial.ended_ns)
    return {
        phase: [s for s in samples if settled_span(phase, span, outages).holds(s.sent_ns)]
        for phase, span in find_phases(trial).items()
    }


def settled_span(phase: Phase, span: Span, outages: Sequence[Outage]) -> Span:
    """What is left of a phase after the longest of the outages that began in it, or before.

    All of it where no question succeeded any more.
    """
    within = [o for o in outages if o.sustained and o.end_ns < span.end_ns]
    within = [o for o in within if o.end_ns > span.start_ns]
    if phase == "before" or not within:
        return span
    return Span(max(within, key=lambda outage: outage.ms).end_ns, span.end_ns)


def percentile(values: Sequence[float], percent: int) -> float:
    """The least value that so many percent of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _is_slow(sample: Sample, probe: ProbeRun) -> bool:
    slow_ms, took_ms = probe.slow_ms, sample.took_ms
    return sample.good and slow_ms is not None and took_ms is not None and took_ms > slow_ms
