"""Which trial of a study stands for all, and which of its steps stand for a stage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from orchestrator.analysis.failover.findings import (
    ChainLink,
    Outage,
    ProbeFinding,
    Stage,
    StudyFinding,
    TrialFinding,
)

STAGES: tuple[Stage, ...] = get_args(Stage)


def typical(finding: StudyFinding) -> TrialFinding | None:
    """The trial nearest to the median of the outage that was longest; a whole one if there is."""
    whole = [trial for trial in finding.trials if not trial.partial] or list(finding.trials)
    if not whole:
        return None
    hit = max(finding.outage_ms, key=lambda name: finding.outage_ms[name].median, default="")

    def distance(trial: TrialFinding) -> float:
        probe = trial.probes.get(hit)
        return abs(probe.outage_ms - finding.outage_ms[hit].median) if probe else float("inf")

    return min(whole, key=distance)


def longest(probe: ProbeFinding) -> Outage | None:
    """The outage that a probe's figure is of."""
    return max(probe.outages, key=lambda outage: outage.ms, default=None)


def milestones(chain: Iterable[ChainLink]) -> list[ChainLink]:
    """The first link of each stage, in the order of time; of "restored", the last probe's."""
    chosen: dict[Stage, ChainLink] = {}
    for link in sorted(chain, key=lambda link: link.ms):
        if link.stage == "restored":
            chosen[link.stage] = link
        else:
            chosen.setdefault(link.stage, link)
    return sorted(chosen.values(), key=lambda link: (link.ms, STAGES.index(link.stage)))
