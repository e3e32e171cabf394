"""What is compared: a lab as it is at one moment, and what its plan says it should be."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import docker

from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Plan
from orchestrator.render.main import render_plan
from orchestrator.routes.bgp import Unsettled, control_plane
from orchestrator.routes.fib_table import Table, holders, planned_table
from orchestrator.routes.forwarding import ForwardingPlane
from orchestrator.runtime.disk.state import LabState, Record
from orchestrator.runtime.engine.containers import Container, find_containers
from orchestrator.runtime.kernel.interfaces import Seen, see_interfaces
from orchestrator.runtime.links.state import LinkState, load_links
from orchestrator.runtime.network.wiring import namespaces_of

# Who is not as planned, and what is not so, in words.
Finding = tuple[str, str]


class Planned:
    """What follows from a plan, worked out when first asked for."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @functools.cached_property
    def files(self) -> dict[str, dict[str, str]]:
        """What each node should find below /lab."""
        return render_plan(self.plan)

    @functools.cached_property
    def tables(self) -> dict[str, tuple[Table, ...]]:
        """The forwarding tables of each router, one for each outcome that BGP may have; none where
        it never settles."""
        try:
            outcomes = range(control_plane(self.plan).outcomes)
            planes = [ForwardingPlane(self.plan, outcome) for outcome in outcomes]
            return {
                name: tuple(planned_table(plane, self.plan.nodes[name]) for plane in planes)
                for name in planes[0].control.routers
            }
        except Unsettled:
            return {}

    @functools.cached_property
    def holders(self) -> dict[Address, str]:
        """Who has each address of a link."""
        return holders(self.plan)


def planned_of(plan: Plan) -> Planned:
    """What follows from a plan, the same whoever asks."""
    return plan.once(Planned)


@dataclass(frozen=True)
class Look:
    """A lab at one moment. What is asked of it is asked once."""

    client: docker.DockerClient
    state: LabState
    planned: Planned
    containers: Mapping[str, Container]
    _interfaces: dict[str, Mapping[int, Seen]] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """What it was made from."""
        return self.planned.plan

    @functools.cached_property
    def record(self) -> Record:
        """The state folder's record of the lab's helper processes."""
        return self.state.record()

    @functools.cached_property
    def links(self) -> Mapping[str, LinkState]:
        """Its links as they are recorded."""
        return load_links(self.state)

    @functools.cached_property
    def namespaces(self) -> Mapping[str, str]:
        """Where the namespaces of those that run can be opened."""
        return namespaces_of(self.plan)

    def interfaces(self, node: str) -> Mapping[int, Seen]:
        """The interfaces of a node or switch that runs, by index. Raises OSError."""
        if node not in self._interfaces:
            self._interfaces[node] = see_interfaces(self.namespaces[node])
        return self._interfaces[node]

    def running(self, nodes: Iterable[str]) -> Iterator[Container]:
        """Those of some nodes that run."""
        for node in nodes:
            container = self.containers.get(node)
            if container is not None and container.running and _is_there(container):
                yield container

    def again(self) -> Look:
        """The same lab a moment later; its containers are taken to be the same ones."""
        return dataclasses.replace(self, _interfaces={})


def look(client: docker.DockerClient, state: LabState, planned: Planned) -> Look:
    """A lab as it is now."""
    return Look(client, state, planned, find_containers(client, state.lab))


def _is_there(container: Container) -> bool:
    return Path(container.namespace).exists()
