"""How a running lab is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.plan.model import Plan
from orchestrator.runtime import boot
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import find_containers
from orchestrator.runtime.links.state import LinkState, load_links


@dataclass(frozen=True)
class Condition:
    """How a lab is: the nodes that are not well with the reason, its links, and its helpers.

    ``wire`` says whether the process that impairs links runs, or is not needed.
    """

    plan: Plan
    ill: Mapping[str, str]
    links: Mapping[str, LinkState]
    keeper: bool
    wire: bool
    wire_restarts: int

    @property
    def healthy(self) -> bool:
        """Whether every node, the keeper and `wire` are well."""
        return self.keeper and self.wire and not self.ill


def examine(name: str) -> Condition:
    """Ask every node of a running lab what it was asked when the lab came up."""
    require_root()
    client, state = connect(), LabState(name)
    plan, record = state.plan(), state.record()
    nodes = tuple(plan.nodes.values())
    ill = boot.ill_nodes(state, plan, find_containers(client, name), nodes)
    keeper = record.keeper is not None and record.keeper.is_alive()
    wire = record.wire is None or record.wire.is_alive()
    return Condition(plan, ill, load_links(state), keeper, wire, record.wire_restarts)
