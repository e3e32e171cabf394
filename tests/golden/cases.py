"""The golden topologies: those that are shipped, and one for each thing those do not show, in a
folder with its topology.yaml."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.shipped import shipped_topologies

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """``files_of`` names the nodes whose rendered files are kept; empty means all."""

    name: str
    topology: Path
    files_of: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


# What links do is in the plan; no file tells of it.
_FILES_OF = {"wires": ("isp-ber",)}

SHIPPED = (
    Case("minimal", shipped_topologies() / "minimal.yaml"),
    # One node of each role keeps the folder small.
    Case(
        "internet",
        shipped_topologies() / "internet.yaml",
        (
            *("alder-core", "alder-bng", "swift-fra", "ix-fra-rs", "rpki", "oak-street-gw"),
            *("elm-street-gw", "laptop", "alder-resolver", "openwell1", "root-a1", "ns1"),
            *("edge-fra", "shop-lb", "shop-web1", "shop-app1", "shop-db"),
        ),
    ),
    Case("hijack", shipped_topologies() / "hijack.yaml", ("shady", "transit", "rpki")),
)
CASES = SHIPPED + tuple(
    Case(path.parent.name, path, _FILES_OF.get(path.parent.name, ()))
    for path in sorted(FOLDER.glob("*/topology.yaml"))
)


@functools.cache
def plan_of(case: Case) -> Plan:
    """The plan of a case, compiled once."""
    return load(case.topology)
