"""A study as JSON: what `lab study --json` prints, and study.json holds."""

from __future__ import annotations

from typing import Any

from orchestrator.analysis.failover.findings import FaultFinding, ProbeFinding, StudyFinding
from orchestrator.plan.codec import to_plain


def to_json(finding: StudyFinding) -> dict[str, Any]:
    """{"name", "about", "passed", "partial", "probes", "faults", "verdicts", "trials"}.

    ``probes`` are counts over all trials, and the outage's median and range in ms; ``faults`` are
    those of the first trial; ``trials`` hold everything.
    """
    names = dict.fromkeys(name for trial in finding.trials for name in trial.probes)
    return {
        "name": finding.name,
        "about": finding.about,
        "passed": finding.passed,
        "partial": finding.partial,
        "probes": {name: _probe(finding, name) for name in names},
        "faults": [_fault(fault) for trial in finding.trials[:1] for fault in trial.faults],
        "verdicts": [to_plain(verdict) for verdict in finding.verdicts],
        "trials": [
            {
                "number": trial.number,
                "partial": trial.partial,
                "notes": list(trial.notes),
                "probes": {name: _figures(probe) for name, probe in trial.probes.items()},
                "faults": [_fault(fault) for fault in trial.faults],
            }
            for trial in finding.trials
        ],
    }


def _probe(finding: StudyFinding, name: str) -> dict[str, Any]:
    """Over all trials."""
    found = [trial.probes[name] for trial in finding.trials if name in trial.probes]
    kinds = dict.fromkeys(kind for probe in found for kind in probe.failed)
    spread = finding.outage_ms.get(name)
    return {
        "kind": found[0].kind,
        "interval_ms": found[0].interval_ms,
        **{
            what: sum(getattr(p, what) for p in found)
            for what in ("sent", "lost", "slow", "skipped")
        },
        "failed": {kind: sum(probe.failed.get(kind, 0) for probe in found) for kind in kinds},
        "outage_ms": spread.median if spread else None,
        "outage_least_ms": spread.least if spread else None,
        "outage_most_ms": spread.most if spread else None,
    }


def _figures(probe: ProbeFinding) -> dict[str, Any]:
    """In one trial."""
    return {
        **{what: getattr(probe, what) for what in ("sent", "lost", "slow", "skipped")},
        "failed": dict(probe.failed),
        "outage_ms": probe.outage_ms,
        "outages": [{**to_plain(outage), "ms": outage.ms} for outage in probe.outages],
        "median_ms": dict(probe.median_ms),
        "p99_ms": dict(probe.p99_ms),
        "paths": {phase: list(path) for phase, path in probe.paths.items()},
    }


def _fault(fault: FaultFinding) -> dict[str, Any]:
    return {
        **to_plain(fault.event),
        "options": dict(fault.event.options),
        "chain": [to_plain(link) for link in fault.chain],
        "mended": [to_plain(link) for link in fault.mended],
    }
