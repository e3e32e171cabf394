"""What tshark reads of a run's nodes one by one, beside what it reads of all at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.steps import fields
from orchestrator.runs.dissect import dissect
from orchestrator.runs.read import read_run

STREAM = "tcp.stream"


def read_otherwise(folder: Path) -> Iterator[str]:
    """The nodes of a run whose frames are read otherwise than on their own; none should be."""
    evidence = read_run(folder)
    for node, together in evidence.dissections.items():
        if together:
            frames = {node: [entry.frame for entry in together]}
            alone = dissect(frames, fields(), evidence.plan, folder / "keys.log")[node]
            if not _are_same(together, alone):
                yield node


def _are_same(together: tuple[Dissection, ...], alone: tuple[Dissection, ...]) -> bool:
    """Whether all is, and which connection a frame is of, whatever the connection's number."""
    pairs = {(a.one(STREAM), b.one(STREAM)) for a, b in zip(together, alone, strict=True)}
    matched = len({a for a, _ in pairs}) == len(pairs) == len({b for _, b in pairs})
    return matched and [*map(_read, together)] == [*map(_read, alone)]


def _read(entry: Dissection) -> tuple[object, ...]:
    named = {name: value for name, value in entry.fields.items() if name != STREAM}
    return entry.frame.number, entry.protocols, named
