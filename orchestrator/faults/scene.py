"""What a fault can touch: the nodes, links and files of one running lab."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass

import docker

from orchestrator.errors import CommandFailed, FaultError
from orchestrator.files import replace_file
from orchestrator.plan.model import Node, Plan
from orchestrator.render.main import render_node
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.containers import Container, find_containers
from orchestrator.runtime.engine.exec import run_exec
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.network.wiring import namespaces_of


@dataclass(frozen=True)
class Scene:
    """A running lab as it is at one moment: ``containers`` are not looked up again."""

    client: docker.DockerClient
    state: LabState
    plan: Plan
    containers: Mapping[str, Container]

    @functools.cached_property
    def links(self) -> LinkLayer:
        """Its links; what is done to them is recorded."""
        namespaces = namespaces_of(self.plan)
        return LinkLayer(self.state, self.plan, namespaces)

    def running(self, node: str) -> Container:
        """A node that runs. Raises FaultError for one that does not."""
        container = self.containers.get(node)
        if container is None or not container.running:
            raise FaultError(f"{node} does not run", "what is in force: lab fault")
        return container

    def runs(self, node: str) -> bool:
        """Whether a node runs; one that does not reads its files when it starts."""
        return node in self.containers and self.containers[node].running

    def run(self, node: str, *argv: str) -> str:
        """What a command in a node prints. Raises CommandFailed if its exit code is not 0."""
        result = run_exec(self.client, self.running(node).id, argv)
        if result.code:
            said = (result.stderr or result.stdout).decode(errors="replace")
            raise CommandFailed(node, argv, result.code, said)
        return result.stdout.decode(errors="replace")

    def rewrite(self, node: str, file: str, text: str) -> None:
        """Change a file that the node sees below /lab; its daemon is to be told by the caller."""
        path = self.state.node_folder(node) / file
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        replace_file(path, text, mode)

    def restore(self, node: str, file: str) -> None:
        """Make a rendered file again what the plan says."""
        self.rewrite(node, file, self.rendered(self.plan.nodes[node])[file])

    def remove(self, node: str, *files: str) -> None:
        """Remove files that a fault put below /lab; fine where they are gone."""
        for file in files:
            (self.state.node_folder(node) / file).unlink(missing_ok=True)

    def require_as_planned(self, node: str, file: str) -> None:
        """Raises FaultError where another fault has changed a file: two cannot undo each other."""
        planned = self.rendered(self.plan.nodes[node])[file]
        if (self.state.node_folder(node) / file).read_text(encoding="utf-8") != planned:
            raise FaultError(
                f"{node}: {file} is changed by another fault", "heal it first; in force: lab fault"
            )

    def rendered(self, node: Node) -> Mapping[str, str]:
        """The files of a node as its plan, or a changed copy of it, has them."""
        nodes = {**self.plan.nodes, node.name: node}
        return render_node(node, dataclasses.replace(self.plan, nodes=nodes))


def open_scene(client: docker.DockerClient, state: LabState) -> Scene:
    """The lab as it is now. Raises UsageError where there is none."""
    return Scene(client, state, state.plan(), find_containers(client, state.lab))
