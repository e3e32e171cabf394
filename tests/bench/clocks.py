"""How far clients' clocks are from the frames, and probes from when they were due."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from operator import sub
from pathlib import Path

from orchestrator.probes.run import probing
from orchestrator.records.study import ProbeRun
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.polling import wait_for
from tests.bench.figures import Figure
from tests.e2e.conftest import Cli, RunningLab
from tests.e2e.steps import STEPS, Step, Visited, visited

_VISITS, _PINGS = 5, 500


def measure(name: str, captures: Path) -> Iterator[Figure]:
    """Medians of some visits with each client, and of half a thousand pings at 100 a second."""
    lab = RunningLab(Cli(LabState(name).folder.parent), name, captures)
    for client in ("chromium", "curl"):
        runs = visited(lab, _VISITS, "--client", client)
        for step in STEPS:
            seen_ms = [_seen_ms(run, step) for run in runs]
            said_ms = [run.record["timings_ms"][step.name] for run in runs]
            took_ms = statistics.median(seen_ms)
            apart_ms = statistics.median(map(abs, map(sub, said_ms, seen_ms)))
            what = f"{client}: {step.name} beside its frames, {took_ms:.1f} ms"
            yield Figure(what, apart_ms, "ms", max(2.0, 0.03 * took_ms))
    yield Figure("a ping of 100 a second, after it was due", _late_ms(name, captures), "ms", 5)


def _seen_ms(run: Visited, step: Step) -> float:
    begin, end = (moment(run) for moment in step.inside)
    return end - begin


def _late_ms(name: str, captures: Path) -> float:
    probe = ProbeRun("ping", "icmp", "laptop", "edge-fra", 10, 1000)
    with probing(name, [probe], captures) as asked:
        wait_for(lambda: len(asked.samples()) >= _PINGS, within_s=60)
        samples = asked.samples()
    return statistics.median(sample.sent_ns - sample.due_ns for sample in samples) / 1e6
