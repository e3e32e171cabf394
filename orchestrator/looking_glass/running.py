"""A lab that runs, as the looking glass asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.errors import DeployError
from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Node, Plan
from orchestrator.runtime.daemons.health import held_addresses
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import Container, find_containers
from orchestrator.runtime.kernel.fib import Packet, Verdict, look_up


@dataclass(frozen=True)
class RunningLab:
    """A lab that runs: its plan, and where its nodes can be asked."""

    plan: Plan
    state: LabState
    containers: Mapping[str, Container]

    def running(self, node: str) -> Container:
        """A node's container. Raises DeployError if it does not run."""
        found = self.containers.get(node)
        if found is None or not found.running:
            raise DeployError(f"{node} does not run", f"what it said last: lab logs {node}")
        return found

    def verdict(self, node: str, packet: Packet) -> Verdict:
        """What a node's kernel does with a packet."""
        return look_up(self.running(node).namespace, packet)

    def addresses(self, node: Node) -> tuple[Address, ...]:
        """What a node is reached at: as planned, or what it was given where it asks for it."""
        if node.addresses:
            return node.addresses
        asking = [port.name for port in node.interfaces if port.dhcp]
        held = {a for port in asking for a in held_addresses(self.running(node.name), port)}
        usable = [address for address in held if not address.is_link_local]
        return tuple(sorted(usable, key=lambda address: (address.version, int(address))))


def open_lab(name: str) -> RunningLab:
    """A running lab. Raises HostError without the rights to enter its nodes."""
    require_root()
    state = LabState(name)
    return RunningLab(state.plan(), state, find_containers(connect(), name))
