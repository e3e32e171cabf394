"""Where a node's commands run: a container, or the namespace of a switch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import docker
from docker.errors import NotFound

from orchestrator.errors import DeployError
from orchestrator.mininet.processes import NodeProgram, docker_client, start_in_namespace
from orchestrator.mininet.terminals import USER, ContainerTerminal, NamespaceTerminal, Terminal
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.disk.processes import start_time
from orchestrator.runtime.engine.client import explaining
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.network.namespaces import path_of


class Place(Protocol):
    """What a node asks of the running lab. Every method but ``pid`` raises DeployError where the
    node does not run."""

    @property
    def pid(self) -> int | None:
        """A process in its namespaces, in the host's numbering; None where there is none."""

    def namespace(self) -> str:
        """Where its network namespace can be opened now."""

    def open_terminal(self) -> Terminal:
        """Start a shell in the node, on a terminal of its own."""

    def start(self, argv: Sequence[str], **options: Any) -> Any:
        """A program, as a Popen object."""

    def shell_argv(self) -> list[str]:
        """What a terminal emulator on the host runs to have a shell there."""


class ContainerPlace:
    """A node's container; a node that restarts has another first process, and other namespaces."""

    def __init__(
        self, client: docker.DockerClient, lab: str, node: str, container: Container | None
    ) -> None:
        self._client, self._node, self._name = client, node, system_name(lab, node)
        self._pid = container.pid if container is not None and container.running else 0
        self._started = start_time(self._pid) if self._pid else None

    @property
    def pid(self) -> int | None:
        try:
            return self._running()
        except DeployError:
            return None

    def _running(self) -> int:
        if self._started is None or start_time(self._pid) != self._started:
            self._pid = self._look()
            self._started = start_time(self._pid)
        return self._pid

    def _look(self) -> int:
        try:
            with explaining():
                state = self._client.api.inspect_container(self._name)["State"]
        except DeployError as error:
            if isinstance(error.__cause__, NotFound):
                raise DeployError(f"{self._node} is gone", "is the lab up? lab status") from error
            raise
        if not state["Running"]:
            raise DeployError(f"{self._node} does not run", "see: lab status")
        return int(state["Pid"])

    def namespace(self) -> str:
        return f"/proc/{self._running()}/ns/net"

    def open_terminal(self) -> Terminal:
        self._running()
        return ContainerTerminal(self._client, self._name, self._node)

    def start(self, argv: Sequence[str], **options: Any) -> Any:
        self._running()
        return NodeProgram(self._name, argv, **options)

    def shell_argv(self) -> list[str]:
        self._running()
        return [docker_client(), "exec", "-it", "-u", USER, self._name, "bash"]


class SwitchPlace:
    """The namespace of a switch: a bridge and its ports, with the host's programs and files."""

    pid = None

    def __init__(self, lab: str, switch: str) -> None:
        self._switch, self._path = switch, path_of(system_name(lab, switch))

    def namespace(self) -> str:
        if not Path(self._path).exists():
            raise DeployError(f"{self._switch} is gone", "is the lab up? lab status")
        return self._path

    def open_terminal(self) -> Terminal:
        return NamespaceTerminal(self.namespace(), self._switch)

    def start(self, argv: Sequence[str], **options: Any) -> Any:
        return start_in_namespace(self.namespace(), argv, **options)

    def shell_argv(self) -> list[str]:
        return ["nsenter", f"--net={self.namespace()}", "bash"]
