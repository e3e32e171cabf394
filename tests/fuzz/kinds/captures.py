"""Captures: a node's pcapng file, spoilt, read again, merged, and followed over the lab."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from random import Random

from orchestrator.analysis.hops.tracks import Tracks
from orchestrator.analysis.journey import tell_journey
from orchestrator.plan.codec import plan_from_plain
from orchestrator.plan.legend import address_names
from orchestrator.plan.model import Plan
from orchestrator.records.embedding import embed_names, embed_secrets
from orchestrator.records.merge import merge
from orchestrator.runs.captures import read_captures
from orchestrator.runs.door import open_run
from orchestrator.runs.read import read_run
from tests.fuzz.mutate import spoil
from tests.fuzz.recorded import documents, texts, write

# Of a file: its head, and frames of a handshake.
_KEPT = 12_000
_TOLD = 0.004
_MEMORY = "/dev/shm"
_KEYS = b"CLIENT_RANDOM 00 00\n"


def attempt(random: Random) -> None:
    """Read a file of which something is not as it was, beside one that is; now and then the whole
    run is told with it, tshark included."""
    node, other = random.sample(sorted(_captures()), 2)
    if random.random() < _TOLD:
        _tell(f"{node}.pcapng", spoil(random, texts()[f"{node}.pcapng"]))
        return
    files = {node: spoil(random, _captures()[node]), other: _captures()[other]}
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        for name, data in files.items():
            (Path(folder) / f"{name}.pcapng").write_bytes(data)
        with open_run(Path(folder)) as door:
            list(Tracks(read_captures(door, sorted(files)).frames, _plan()))
    merged = merge({f"{name}.pcapng": data for name, data in files.items() if data})
    embed_names(embed_secrets(merged, _KEYS), address_names(_plan()))


def _tell(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        write(Path(folder), {name: data})
        tell_journey(read_run(Path(folder)))


@cache
def _captures() -> dict[str, bytes]:
    found = {name: data for name, data in texts().items() if name.endswith(".pcapng")}
    return {name.removesuffix(".pcapng"): data[:_KEPT] for name, data in found.items()}


@cache
def _plan() -> Plan:
    return plan_from_plain(documents()["plan.json"])
