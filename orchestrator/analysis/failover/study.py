"""A study: its trials together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from orchestrator.analysis.failover.findings import Spread, StudyFinding, TrialFinding
from orchestrator.analysis.failover.verdicts import judge
from orchestrator.spec.scenario import ExpectSpec


def analyse_study(
    name: str,
    about: str,
    findings: Sequence[TrialFinding],
    expected: Sequence[tuple[ExpectSpec, int]],
    partial: bool = False,
) -> StudyFinding:
    """The trials together. ``expected`` has the line of each expectation in the scenario.

    A trial that was interrupted makes the study partial, as does ``partial``: trials are missing.
    Figures and verdicts are of the trials that ran to their end.
    """
    whole = [finding for finding in findings if not finding.partial]
    return StudyFinding(
        name=name,
        about=about,
        trials=tuple(findings),
        outage_ms=spread_outages(whole),
        verdicts=tuple(verdict for spec, line in expected for verdict in judge(spec, line, whole)),
        partial=partial or not whole or len(whole) < len(findings),
    )


def spread_outages(findings: Sequence[TrialFinding]) -> dict[str, Spread]:
    """Of each probe its longest outage over the trials; {} of no trials."""
    names = dict.fromkeys(name for finding in findings for name in finding.probes)
    return {
        name: spread(f.probes[name].outage_ms for f in findings if name in f.probes)
        for name in names
    }


def spread(values: Iterable[float]) -> Spread:
    """A figure over trials, of which there is at least one."""
    known = tuple(values)
    return Spread(known, median(known), min(known), max(known))
