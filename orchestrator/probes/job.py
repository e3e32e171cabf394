"""What the agent is told to ask, as one value that crosses a pipe."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Any

from orchestrator.records.study import ProbeRun, Sample


@dataclass(frozen=True)
class Station:
    """A host that asks: its container, the process in it to begin with, its resolvers."""

    node: str
    container: str
    pid: int
    resolvers: tuple[str, ...]
    ca: str


@dataclass(frozen=True)
class Job:
    """Probes, the hosts they are of, and the addresses of nodes that probes name."""

    probes: tuple[ProbeRun, ...]
    stations: tuple[Station, ...]
    keylog: str
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)


def to_row(sample: Sample) -> list[Any]:
    """A sample as a line of the pipe holds it."""
    return list(astuple(sample))


def from_row(row: list[Any]) -> Sample:
    """The sample that :func:`to_row` wrote."""
    return Sample(*row)
