"""Captures: a node's pcapng file, spoilt, read again, merged, and followed over the lab."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from random import Random

from orchestrator.analysis.hops.tracks import Tracks
from orchestrator.analysis.steps import fields
from orchestrator.plan.codec import plan_from_plain
from orchestrator.plan.legend import address_names
from orchestrator.plan.model import Plan
from orchestrator.records.embedding import embed_names, embed_secrets
from orchestrator.records.merge import merge
from orchestrator.runs.captures import read_captures
from orchestrator.runs.dissect import dissect
from orchestrator.runs.door import open_run
from tests.fuzz.mutate import spoil
from tests.fuzz.recorded import documents, texts

# Of a file: its head, and frames of a handshake.
_KEPT = 12_000
_DISSECTED = 0.004
_KEYS = b"CLIENT_RANDOM 00 00\n"


def attempt(random: Random) -> None:
    """Read a file of which something is not as it was, beside one that is; now and then tshark
    reads what came of it."""
    node, other = random.sample(sorted(_captures()), 2)
    data = spoil(random, _captures()[node])
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for name, captured in ((node, data), (other, _captures()[other])):
            (Path(folder) / f"{name}.pcapng").write_bytes(captured)
        with open_run(Path(folder)) as door:
            frames = read_captures(door, sorted((node, other))).frames
        list(Tracks(frames, _plan()))
        if random.random() < _DISSECTED:
            dissect(frames, fields(), _plan(), Path(folder) / "none")
    merged = merge({f"{node}.pcapng": data, f"{other}.pcapng": _captures()[other]} if data else {})
    embed_names(embed_secrets(merged, _KEYS), address_names(_plan()))


@cache
def _captures() -> dict[str, bytes]:
    found = {name: data for name, data in texts().items() if name.endswith(".pcapng")}
    return {name.removesuffix(".pcapng"): data[:_KEPT] for name, data in found.items()}


@cache
def _plan() -> Plan:
    return plan_from_plain(documents()["plan.json"])
