"""A study as tables for other programs: CSV (RFC 4180, but for the line ends)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from orchestrator.analysis.failover.findings import StudyFinding
from orchestrator.records.study import Trial, samples_to_csv
from orchestrator.spec.probing import PHASES


def write_csv(finding: StudyFinding) -> str:
    """A line for each probe of each trial, under a line of names; times in ms.

    What is not known is an empty field. ``failed`` is all that went wrong, ``kinds`` how.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = [f"{figure}_{phase}_ms" for figure in ("median", "p99") for phase in PHASES]
    names = ["trial", "partial", "probe", "kind", "interval_ms", "sent", "lost", "slow", "failed"]
    writer.writerow([*names, "kinds", "outages", "outage_ms", "over", *figures])
    for trial in finding.trials:
        for probe in trial.probes.values():
            kinds = " ".join(f"{kind}={count}" for kind, count in sorted(probe.failed.items()))
            over = all(outage.sustained for outage in probe.outages)
            known = [trial.number, trial.partial, probe.name, probe.kind, f"{probe.interval_ms:g}"]
            counts = [probe.sent, probe.lost, probe.slow, sum(probe.failed.values()), kinds]
            outages = [len(probe.outages), f"{probe.outage_ms:.3f}", over]
            times = [of.get(phase) for of in (probe.median_ms, probe.p99_ms) for phase in PHASES]
            told = ["" if ms is None else f"{ms:.3f}" for ms in times]
            writer.writerow([*known, *counts, *outages, *told])
    return text.getvalue()


def write_samples(trials: Sequence[Trial]) -> str:
    """The samples of all trials: those of samples.csv, after the number of their trial."""
    lines: list[str] = []
    for trial in trials:
        head, *rows = samples_to_csv(trial.samples).splitlines()
        lines = lines or [f"trial,{head}"]
        lines += [f"{trial.number},{row}" for row in rows]
    return "".join(f"{line}\n" for line in lines)
