"""Topologies: values, keys, shape or characters of those that come along, and of small ones."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from random import Random

from orchestrator.loading import load
from orchestrator.shipped import shipped_topologies
from tests.errors.mutations import mutated_text, mutated_values

_MEMORY = "/dev/shm"
_PAIR = b"""
name: pair
as:
  berlin: {asn: 64501, routers: [ber, fra], at: Berlin, peers: [paris], prefix: 198.18.0.0/20}
  paris: {asn: 64502, at: Paris}
links: []
"""
# How often each is changed: one that is good takes time to compile.
_SHARES = {"small": 0.9, "minimal": 0.09}


def attempt(random: Random) -> None:
    """Read a changed topology, and make its plan if it is still one."""
    source, change = _sources()[_choose(random)], random.choice((mutated_text, mutated_values))
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        path = Path(folder) / "topology.yaml"
        path.write_bytes(change(source, random))
        load(path)


def _choose(random: Random) -> str:
    drawn = random.random()
    for name, share in _SHARES.items():
        if drawn < share:
            return name
        drawn -= share
    return "hijack"


@cache
def _sources() -> dict[str, bytes]:
    shipped = {path.stem: path.read_bytes() for path in shipped_topologies().glob("*.yaml")}
    return {"small": _PAIR, **shipped}
