"""The keeper of a lab: a node that restarts gets its links, addresses and routes back.

Whoever ends a container or starts it again, the keeper, one process per lab, hears of it from
Docker: the ports of a node that ended go dark, and one that started has an empty namespace, gets
its ports there and its gate opened (network/ports.py). It also starts the lab's `wire` again should
that die. It is started by `lab up`, records itself, and is ended by `lab down`.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import docker
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import DeployError, LabError
from orchestrator.plan.model import Node, Plan
from orchestrator.refusals import why
from orchestrator.runtime.disk.processes import Process, start_time, working_for
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect
from orchestrator.runtime.engine.containers import LAB_LABEL, NODE_LABEL, find_container
from orchestrator.runtime.engine.gates import open_gate
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.network.namespaces import is_same
from orchestrator.runtime.network.ports import missing_ports
from orchestrator.runtime.network.wiring import namespaces_of
from orchestrator.runtime.polling import wait_for

_STARTS_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.5
_TRIES = 5


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
            env=working_for(state.folder),
        )
    watching = wait_for(
        lambda: state.record().keeper is not None or process.poll() is not None, _STARTS_WITHIN_S
    )
    if not watching or process.poll() is not None:
        raise DeployError("the lab's keeper did not start", f"see {state.folder}/keeper.log")


def stop_keeper(state: LabState) -> None:
    """End the keeper, by its recorded id; fine where there is none."""
    if process := state.record().keeper:
        process.end()


def stop_wire(state: LabState) -> None:
    """End the lab's `wire`, by its recorded id; fine where there is none."""
    if process := state.record().wire:
        process.end()


def attend(client: docker.DockerClient, state: LabState, plan: Plan, node: str) -> None:
    """Let a node's ports be as the node is: dark while it is off; where it is, once it is on."""
    container, namespaces = find_container(client, plan.name, node), namespaces_of(plan)
    layer = LinkLayer(state, plan, namespaces)
    if container is None or not container.running:
        layer.darken(node)
    elif not _has_ports(namespaces[node], container.namespace, plan.nodes[node]):
        layer.bring(node, container.namespace)
        open_gate(state.node_folder(node))
        print(f"{node}: has its ports again", flush=True)


def _has_ports(known: str, present: str, node: Node) -> bool:
    """Whether a running node has been brought its ports, all of them."""
    return is_same(known, present) and not missing_ports(present, node.interfaces)


def attend_all(client: docker.DockerClient, state: LabState, plan: Plan) -> None:
    """The nodes that ended or restarted before anybody kept watch."""
    for node in plan.nodes:
        attend(client, state, plan, node)


def _changes(client: docker.DockerClient, lab: str) -> Iterator[str]:
    """The names of the lab's nodes as they end and start, for ever."""
    filters = {"label": f"{LAB_LABEL}={lab}", "event": ["die", "start"], "type": "container"}
    for event in client.api.events(decode=True, filters=filters):
        yield str(event["Actor"]["Attributes"][NODE_LABEL])


def keep(lab: str) -> None:
    """Watch over a lab until it is gone."""
    client, state = connect(), LabState(lab)
    plan = state.plan()
    changes = _changes(client, lab)
    state.update(keeper=Process(os.getpid(), start_time(os.getpid()) or 0))
    threading.Thread(target=_keep_wire, args=(client, state, plan), daemon=True).start()
    _try("first look", state, lambda: attend_all(client, state, plan))
    for node in changes:
        if not state.exists():
            return
        _attend_at_last(client, state, plan, node)


def _attend_at_last(client: docker.DockerClient, state: LabState, plan: Plan, node: str) -> None:
    """It may end while it is brought its ports, and its neighbours may."""
    for _ in range(_TRIES):
        if _try(node, state, lambda: attend(client, state, plan, node)):
            return


def _keep_wire(client: docker.DockerClient, state: LabState, plan: Plan) -> None:
    """Start `wire` again whenever it dies; its devices outlive it, so addresses are still there."""
    while state.exists():
        process = state.record().wire
        if process is not None and _has_ended(process):
            _try("wire", state, lambda: revive_wire(client, state, plan))
        elif process is None:
            time.sleep(_LOOK_EVERY_S)


def revive_wire(client: docker.DockerClient, state: LabState, plan: Plan) -> None:
    """Start `wire` if it died, and give it its links back."""
    process = state.record().wire
    if process is None or process.is_alive():
        return
    count = LinkLayer(state, plan, namespaces_of(plan)).revive_wire()
    state.update(wire_restarts=state.record().wire_restarts + 1)
    print(f"wire: started again with {count} links", flush=True)


def _has_ended(process: Process) -> bool:
    """Wait a moment for a process to end; the kernel says so at once (pidfd_open(2))."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return True
    try:
        select.select([descriptor], [], [], _LOOK_EVERY_S)
    finally:
        os.close(descriptor)
    return not process.is_alive()


def _try(subject: str, state: LabState, work: Callable[[], None]) -> bool:
    """Do work on the lab while nobody else does; what goes wrong is logged, and life goes on."""
    try:
        with state.locked():
            if state.exists():
                work()
    except (LabError, NetlinkError, OSError) as error:
        print(f"{subject}: {why(error)}", flush=True)
        return False
    return True


if __name__ == "__main__":
    keep(sys.argv[1])
