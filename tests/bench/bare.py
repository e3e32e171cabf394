"""The limit of a lab of routers: the same graph in bare namespaces, one BIRD each, no container.

Everything is the lab's own: plan, wiring, sysctls, rendered configurations, the image's BIRD, and
the probes that say when all of it has converged. What is left out is Docker, and what
the orchestrator does for a lab that shall live: state, keys, gates, the keeper.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

from orchestrator.plan.model import Node, Plan
from orchestrator.render.main import render_node
from orchestrator.roles import role_of
from orchestrator.roles.base import COMMON_SYSCTLS
from orchestrator.runtime import boot
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.containers import Container, known
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
)
from orchestrator.runtime.network.wiring import configure_ends, create_bridges, create_pairs
from tests.bench.memory import pss_mib

LABEL = "clicklab.bench"
_STARTED_AT_ONCE = 8
_NODES = "nodes"  # a folder in the root of the image


@dataclass(frozen=True)
class Cost:
    """Seconds until all prefixes are everywhere, and what the processes hold then."""

    ready_s: float
    memory_mib: float


@dataclass(frozen=True)
class BareNode(Container):
    """A BIRD in a namespace that has a name, where a container's would be."""

    at: str = ""
    folder: str = ""

    @property
    def namespace(self) -> str:
        return self.at

    @property
    def root(self) -> str:
        return self.folder


@contextmanager
def unpacked(client: docker.DockerClient, tag: str) -> Iterator[Path]:
    """The files of an image in a folder of their own."""
    made = client.api.create_container(tag, labels={LABEL: ""})
    try:
        with tempfile.TemporaryDirectory(prefix="clicklab-bench-") as folder:
            extract = ["tar", "-x", "-C", folder]
            with subprocess.Popen(extract, stdin=subprocess.PIPE) as tar:
                assert tar.stdin is not None
                for chunk in client.api.export(made["Id"]):
                    tar.stdin.write(chunk)
            assert tar.returncode == 0
            yield Path(folder)
    finally:
        client.api.remove_container(made["Id"], force=True)


def measure_bare(plan: Plan, root: Path, within_s: float) -> Cost:
    """Run a plan of routers in bare namespaces, once. Raises DeployError if it stays unready."""
    folders = {node.name: root / _NODES / node.name for node in plan.nodes.values()}
    for node in plan.nodes.values():
        (folders[node.name] / "run").mkdir(parents=True, exist_ok=True)
        text = render_node(node, plan)["bird.conf"]
        (folders[node.name] / "bird.conf").write_text(text, encoding="utf-8")
    with ExitStack() as stack:
        started = time.monotonic()
        namespaces = _wired(stack, plan)
        running = _start(stack, plan, root, namespaces)
        nodes = tuple(plan.nodes.values())
        boot.await_ready(LabState("bench"), plan, running, nodes, within_s, lambda reasons: None)
        ready_s = time.monotonic() - started
        return Cost(ready_s, pss_mib(node.pid for node in running.values()))


def _wired(stack: ExitStack, plan: Plan) -> dict[str, str]:
    """Namespaces of the plan's nodes and switches, their interfaces up."""
    paths = {}
    for number, name in enumerate((*plan.nodes, *plan.switches)):
        namespace = f"bench-{os.getpid()}-{number}"
        stack.callback(remove_namespace, namespace)
        create_namespace(namespace)
        paths[name] = path_of(namespace)
    for node in plan.nodes.values():
        _set_sysctls(node, paths[node.name])
    create_bridges(plan, paths)
    create_pairs(plan, plan.links.values(), paths)
    configure_ends(plan, plan.links.values(), paths)
    return paths


def _set_sysctls(node: Node, namespace: str) -> None:
    wanted = known({**COMMON_SYSCTLS, **role_of(node).sysctls})
    with entered(namespace):
        for name, value in wanted.items():
            Path("/proc/sys", *name.split(".")).write_text(value)


def _start(
    stack: ExitStack, plan: Plan, root: Path, namespaces: Mapping[str, str]
) -> dict[str, Container]:
    """A BIRD per node, eight at a time."""
    started: list[subprocess.Popen[bytes]] = []
    stack.callback(_end, started)

    def start(name: str) -> Container:
        home = f"/{_NODES}/{name}"
        argv = ["chroot", str(root), "bird", "-f", "-c", f"{home}/bird.conf"]
        with entered(namespaces[name]):
            process = subprocess.Popen(
                [*argv, "-s", f"{home}/run/bird.ctl"], stderr=subprocess.DEVNULL
            )
        started.append(process)
        return BareNode("", name, process.pid, True, "", namespaces[name], f"{root}{home}")

    with ThreadPoolExecutor(_STARTED_AT_ONCE) as pool:
        return {node.node: node for node in pool.map(start, plan.nodes)}


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """All are told before any is waited for: they would go on and keep the others from ending."""
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
