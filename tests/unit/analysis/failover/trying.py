"""Trials written by hand. Times are milliseconds after the trial began; a fault is in force from
2000 to 5000 of 8000 unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.records.study import FaultEvent, NetworkEvent, ProbeRun, Sample, Trial
from orchestrator.spec.probing import FailureKind
from tests.unit.analysis.builders import at

PING = ProbeRun("ping", "icmp", "laptop", "www.example.com", 100.0, 500.0, slow_ms=50.0)
TARGET = "3fff:1:4000::9"


def sample(sequence: int, failure: FailureKind | None = None, **fields: Any) -> Sample:
    """A ping every 100 ms, the first at 0, answered within 10 ms."""
    sent = at(sequence * 100)
    lost: Any = None if failure in ("lost", "skipped") else 10.0
    known = {"took_ms": lost, "source": "3fff::5", "source_port": 7, "target": TARGET, **fields}
    return Sample("ping", sequence, sent, sent, failure=failure, target_port=sequence, **known)


def row(marks: str) -> tuple[Sample, ...]:
    """Samples as a row of marks: . good, x lost, u unreachable, - skipped."""
    kinds: dict[str, FailureKind | None] = {".": None, "x": "lost", "u": "unreachable"}
    kinds["-"] = "skipped"
    return tuple(sample(place, kinds[mark]) for place, mark in enumerate(marks))


def fault(
    target: str = "cloud--isp",
    begun: float = 2000,
    heal: float | None = 5000,
    name: str = "link-blackhole",
) -> FaultEvent:
    """In force after 10 ms, healed within 10 ms."""
    healed = None if heal is None else at(heal)
    done = None if heal is None else at(heal + 10)
    return FaultEvent(name, target, {}, at(begun), at(begun + 10), healed, done)


def trial(
    samples: Sequence[Sample],
    faults: Sequence[FaultEvent] = (),
    events: Sequence[NetworkEvent] = (),
    ended: float = 8000,
    probes: Sequence[ProbeRun] = (PING,),
    **fields: Any,
) -> Trial:
    """One trial."""
    parts = (tuple(probes), tuple(samples), tuple(faults), tuple(events))
    return Trial(1, at(0), at(ended), *parts, **fields)
