"""The keeper of a lab: a node that restarts gets its links, addresses and routes back.

A container that starts again has a new, empty namespace, whoever restarted it. The keeper is
one process per lab that hears of it from Docker, wires the node again and opens its gate. It
is started by `lab up`, records itself, and is ended by `lab down`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import DeployError, LabError
from orchestrator.plan.model import Link, Plan
from orchestrator.runtime.containers import LAB_LABEL, NODE_LABEL, Container, find_containers
from orchestrator.runtime.engine import connect
from orchestrator.runtime.gates import open_gate
from orchestrator.runtime.namespaces import entered, path_of, switch_namespace
from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.state import LabState, Process, start_time
from orchestrator.runtime.wiring import create_links, remove_links

_STARTS_WITHIN_S = 10.0


def start_keeper(state: LabState) -> None:
    """Start the keeper of a lab, in a session of its own, and wait until it keeps watch."""
    log = (state.folder / "keeper.log").open("ab")
    with log:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator.runtime.keeper", state.lab],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    watching = wait_for(
        lambda: state.record().keeper is not None or process.poll() is not None, _STARTS_WITHIN_S
    )
    if not watching or process.poll() is not None:
        raise DeployError("the lab's keeper did not start", f"see {state.folder}/keeper.log")


def stop_keeper(state: LabState) -> None:
    """End the keeper, by its recorded id; fine where there is none."""
    keeper = state.record().keeper
    if keeper is not None and keeper.is_alive():
        os.kill(keeper.pid, signal.SIGKILL)
        wait_for(lambda: not keeper.is_alive(), within_s=2.0, every_s=0.005)


def namespaces_of(plan: Plan, containers: dict[str, Container]) -> dict[str, str]:
    """Where the namespace of each running node and each switch can be opened."""
    running = {name: c.namespace for name, c in containers.items() if c.running}
    switches = {name: path_of(switch_namespace(plan.name, name)) for name in plan.switches}
    return {**running, **{name: p for name, p in switches.items() if Path(p).exists()}}


def links_of(plan: Plan, node: str) -> list[Link]:
    """The links that end at a node."""
    return [link for link in plan.links.values() if node in (link.a.node, link.b.node)]


def rewire(client: docker.DockerClient, state: LabState, plan: Plan, node: str) -> None:
    """Give a node that lost them its links back, and let its daemons start."""
    namespaces = namespaces_of(plan, find_containers(client, plan.name))
    if node not in namespaces or _is_wired(plan, node, namespaces[node]):
        return
    links = [
        link
        for link in links_of(plan, node)
        if link.a.node in namespaces and link.b.node in namespaces
    ]
    remove_links(plan, links, namespaces)
    create_links(plan, links, namespaces)
    open_gate(state.node_folder(node))
    print(f"{node}: rewired with {len(links)} links", flush=True)


def _is_wired(plan: Plan, node: str, namespace: str) -> bool:
    """Whether the node has at least one of its interfaces; a fresh namespace has none."""
    with entered(namespace):
        names = [line.split(":")[0].strip() for line in _interface_lines()]
    return any(interface.name in names for interface in plan.nodes[node].interfaces)


def _interface_lines() -> list[str]:
    return Path("/proc/thread-self/net/dev").read_text().splitlines()[2:]


def _restarts(client: docker.DockerClient, lab: str) -> Iterator[str]:
    """The names of the lab's nodes as they start, for ever."""
    filters = {"label": f"{LAB_LABEL}={lab}", "event": "start", "type": "container"}
    for event in client.api.events(decode=True, filters=filters):
        yield str(event["Actor"]["Attributes"][NODE_LABEL])


def keep(lab: str) -> None:
    """Watch over a lab until it is gone."""
    client, state = connect(), LabState(lab)
    plan = state.plan()
    restarts = _restarts(client, lab)
    state.update(keeper=Process(os.getpid(), start_time(os.getpid()) or 0))
    for node in plan.nodes:
        rewire(client, state, plan, node)
    for node in restarts:
        if not state.exists():
            return
        try:
            rewire(client, state, plan, node)
        except (LabError, NetlinkError, OSError) as error:
            print(f"{node}: {error}", flush=True)


if __name__ == "__main__":
    keep(sys.argv[1])
