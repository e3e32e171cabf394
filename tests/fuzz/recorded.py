"""A small run that was recorded: a visit in the lab of topologies/minimal.yaml."""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.model import Plan
from orchestrator.runs.dissect import Dissect
from orchestrator.runs.read import read_run

ARCHIVE = Path(__file__).parent / "run.tar.xz"


def unpack(folder: Path) -> Path:
    """The run's folder, in a folder."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


@cache
def texts() -> dict[str, bytes]:
    """Each file of the run, by its path in it."""
    with tempfile.TemporaryDirectory() as folder:
        run = unpack(Path(folder))
        files = (path for path in run.rglob("*") if path.is_file())
        return {str(path.relative_to(run)): path.read_bytes() for path in files}


@cache
def documents() -> dict[str, Any]:
    """What its JSON files say."""
    return {n: json.loads(data) for n, data in texts().items() if n.endswith((".json", ".har"))}


@cache
def _dissections() -> Mapping[str, tuple[Dissection, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        return read_run(unpack(Path(folder))).dissections


def dissect(fields: Sequence[str], plan: Plan, keys: Path) -> AbstractContextManager[Dissect]:
    """What tshark says of it, asked once for all: of a run whose packets are as they were, or are
    not all there."""
    return nullcontext(
        lambda frames: {node: tuple(_of(node, seen)) for node, seen in frames.items()}
    )


def _of(node: str, seen: Sequence[Frame]) -> Iterator[Dissection]:
    by_number = {frame.number: frame for frame in seen}
    for known in _dissections().get(node, ()):
        if known.frame.number in by_number:
            yield replace(known, frame=by_number[known.frame.number])


def write(folder: Path, changed: Mapping[str, bytes], without: Iterable[str] = ()) -> None:
    """The run into a folder, with some files changed, and without others."""
    for name, data in {**texts(), **changed}.items():
        if name not in without:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
