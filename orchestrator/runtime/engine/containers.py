"""Nodes as containers: made without a network, labelled, with nothing they do not need."""

from __future__ import annotations

import dataclasses
import math
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound

from orchestrator.errors import DeployError, UsageError
from orchestrator.plan.model import Node
from orchestrator.roles import role_of
from orchestrator.roles.base import COMMON_SYSCTLS, LAB, Limits, Role
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import explaining, in_parallel, inspected
from orchestrator.runtime.engine.priority import parent_of
from orchestrator.runtime.polling import wait_for

LAB_LABEL, NODE_LABEL = "clicklab.lab", "clicklab.node"
_STUCK_AFTER_S = 20.0
_SCALE, _SIZES = "CLICKLAB_LIMITS", ("pids", "memory_mib", "files_mib")


@dataclass(frozen=True)
class Container:
    """A node: ``pid`` is that of its first process, in the host's numbering; 0 if it is off.

    One that is ``paused`` runs, but none of its processes gets any time. ``log`` is the file in
    which Docker keeps what it writes (kept_output.py), on the host that Docker runs on.
    """

    id: str
    node: str
    pid: int
    running: bool
    image: str
    paused: bool = False
    log: Path = Path()

    @property
    def answers(self) -> bool:
        """Whether its processes can do anything at all."""
        return self.running and not self.paused

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its first process; fine if that has ended.

        By a descriptor, and only where the process is in the container's control group: its number
        may be another process's by now.
        """
        try:
            descriptor = os.pidfd_open(self.pid)
        except (ProcessLookupError, ValueError, OSError):
            return
        try:
            if self.id in Path(f"/proc/{self.pid}/cgroup").read_text():
                signal.pidfd_send_signal(descriptor, number)
        except (ProcessLookupError, FileNotFoundError):
            pass
        finally:
            os.close(descriptor)

    @property
    def namespace(self) -> str:
        """Where its network namespace can be opened."""
        return f"/proc/{self.pid}/ns/net"


def create_container(
    client: docker.DockerClient,
    state: LabState,
    node: Node,
    image: str,
    seccomp: str,
    engine: Mapping[str, Any],
) -> str:
    """A container for a node, not started. Returns its id. ``engine`` is what `docker info`
    tells.

    Its network namespace is runc's: for a network of its own, "none" too, Docker starts all of
    itself once more with each container, a quarter of the processors' time of a boot.
    """
    role = role_of(node)
    config = _host_config(state, node, role, seccomp)
    config["cgroup_parent"] = parent_of(state.lab, engine, role.limits)
    with explaining():
        made = client.api.create_container(
            image,
            command=list(role.command) or None,
            hostname=node.name,
            name=system_name(state.lab, node.name),
            environment=dict(role.environment),
            labels={LAB_LABEL: state.lab, NODE_LABEL: node.name},
            host_config=client.api.create_host_config(**config),
            network_disabled=True,
        )
    return str(made["Id"])


def _host_config(state: LabState, node: Node, role: Role, seccomp: str) -> dict[str, Any]:
    binds = [f"{state.node_folder(node.name)}:{LAB}:ro", f"{state.hosts}:/etc/hosts:ro"]
    if state.resolv_conf(node.name).exists():
        binds.append(f"{state.resolv_conf(node.name)}:/etc/resolv.conf")
    # Daemons that need capabilities get them as their own user, from their file; others
    # could not gain any even if their image were to hold such a file.
    security = [] if role.capabilities else ["no-new-privileges:true"]
    if role.browser:
        security.append(f"seccomp={seccomp}")
    limits = scaled(role.limits)
    size = f"size={limits.files_mib}m"
    tmpfs = {"/run": "mode=1777", "/tmp": "mode=1777", **role.tmpfs}
    return {
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "cap_add": list(role.capabilities),
        "read_only": role.read_only,
        "tmpfs": {path: f"{options},{size}" for path, options in tmpfs.items()},
        "sysctls": known({**COMMON_SYSCTLS, **role.sysctls}),
        "binds": binds,
        "security_opt": security,
        "pids_limit": limits.pids,
        "mem_limit": f"{limits.memory_mib}m",
        "cpu_shares": limits.cpu_shares,
        "log_config": {"Type": "json-file", "Config": {"max-size": "10m"}},
    }


def scaled(limits: Limits) -> Limits:
    """Limits of a node on this machine: so many times larger as `CLICKLAB_LIMITS` says.

    A processor's shares are no limit and stay. Raises UsageError where that is no number.
    """
    said = os.environ.get(_SCALE, "1")
    try:
        factor = float(said)
        if not 0.25 <= factor <= 1024:
            raise ValueError
    except ValueError:
        hint = "how many times larger than usual limits are: 0.25 to 1024, as in 4"
        raise UsageError(f"{_SCALE} is '{said[:40]}'", hint) from None
    sizes = {name: int(getattr(limits, name) * factor) for name in _SIZES}
    return dataclasses.replace(limits, **sizes)


def known(sysctls: Mapping[str, str]) -> dict[str, str]:
    """Those that this kernel has: a container that asks for another one does not start.

    What an older kernel lacks it cannot do; the health checks tell if anything needed it.
    """
    root = Path("/proc/sys")
    return {
        name: value for name, value in sysctls.items() if root.joinpath(*name.split(".")).exists()
    }


def start_container(client: docker.DockerClient, identifier: str) -> None:
    """Start a container. Its first process waits at the node's gate."""
    with explaining():
        client.api.start(identifier)


def find_containers(client: docker.DockerClient, lab: str) -> dict[str, Container]:
    """The lab's containers by node name, running or not."""
    with explaining():
        found = client.api.containers(all=True, filters={"label": f"{LAB_LABEL}={lab}"})
        containers = map(_container, inspected(client, [entry["Id"] for entry in found]))
        return {container.node: container for container in containers}


def find_container(client: docker.DockerClient, lab: str, node: str) -> Container | None:
    """A node's container, running or not; None where there is none."""
    with explaining():
        return next(map(_container, inspected(client, [system_name(lab, node)])), None)


def _container(details: Mapping[str, Any]) -> Container:
    state, config = details["State"], details["Config"]
    return Container(
        details["Id"],
        config["Labels"].get(NODE_LABEL, ""),
        state["Pid"],
        state["Running"],
        config["Image"],
        state["Paused"],
        Path(details["LogPath"]),
    )


def remove_containers(client: docker.DockerClient, lab: str) -> int:
    """Kill and remove whatever carries the lab's label. Returns how many there were.

    Docker may still be starting a container for a command that was killed: it is listed late,
    or refuses to be removed just yet. So this goes on until a listing is empty, and gives up only
    when no listing differs from the one before for `_STUCK_AFTER_S`.
    """
    removed: set[str] = set()
    refusals: list[DeployError] = []
    listed: list[str] = []
    moved_s = time.monotonic()

    for container in find_containers(client, lab).values():
        if container.running:
            # All at once and first, so that the kernel takes their namespaces down together.
            container.signal(signal.SIGKILL)

    def sweep() -> bool:
        nonlocal moved_s
        with explaining():
            found = client.api.containers(all=True, filters={"label": f"{LAB_LABEL}={lab}"})
        identifiers = sorted(str(entry["Id"]) for entry in found)
        if identifiers != listed:
            listed[:], moved_s = identifiers, time.monotonic()
        removed.update(identifiers)
        refusals[:] = [error for error in in_parallel(remove, identifiers) if error]
        return not found or time.monotonic() - moved_s > _STUCK_AFTER_S

    def remove(identifier: str) -> DeployError | None:
        try:
            with explaining():
                client.api.remove_container(identifier, force=True, v=True)
        except DeployError as error:
            return None if isinstance(error.__cause__, NotFound) else error
        return None

    wait_for(sweep, math.inf)
    if listed:
        raise refusals[0] if refusals else DeployError(f"containers of '{lab}' keep appearing")
    return len(removed)
