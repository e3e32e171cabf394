"""What faults on nodes have in common: power off and on, and which of a node's processes is which.

What a node runs on is told by Docker and by /proc; a node whose container starts again is wired
by the keeper, as after any restart. One fault at a time may hold a node: {"nodes": [node, …]}.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict

from orchestrator.errors import FaultError
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Node, Plan
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.disk.ledger import read_ledger
from orchestrator.runtime.engine.client import explaining
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.kernel.interfaces import see_interfaces
from orchestrator.runtime.polling import wait_for

_ENDED_WITHIN_S = 5.0
# How long a daemon may take to say goodbye, in seconds: BIRD to its neighbours, PostgreSQL to disk.
_GRACE_S = 2


class _NodeTarget(TypedDict):
    target: str
    targets: Callable[[Plan], Sequence[str]]


NODE_TARGET: _NodeTarget = {"target": "node", "targets": lambda plan: list(plan.nodes)}


def inspect(scene: Scene, node: str) -> Mapping[str, Any]:
    """What Docker says of a node's container just now: its "State". Raises DeployError."""
    with explaining():
        details = scene.client.api.inspect_container(system_name(scene.state.lab, node))
    state: Mapping[str, Any] = details["State"]
    return state


def require_free(scene: Scene, nodes: Iterable[str]) -> None:
    """Raise FaultError for a node that does not run, is frozen, or is held by another fault."""
    entries = read_ledger(scene.state)
    for node in nodes:
        holder = next((entry for entry in entries if node in entry.memo.get("nodes", ())), None)
        if holder is not None:
            hint = f"heal it first: lab heal {holder.id}"
            raise FaultError(f"{node}: {holder} is in force there", hint)
        scene.running(node)
        if inspect(scene, node)["Paused"]:
            raise FaultError(f"{node} is frozen", "what is in force: lab fault")


def power_off(scene: Scene, node: str) -> None:
    """End all of a node at once; fine where it is off."""
    state = inspect(scene, node)
    if not state["Running"]:
        return
    if state["Paused"]:
        unfreeze(scene, node)
    scene.links.darken(node)  # first: without power nobody says goodbye
    with explaining():
        scene.client.api.kill(system_name(scene.state.lab, node), signal.SIGKILL)
    await_off(scene, node)


def await_off(scene: Scene, node: str) -> None:
    """See a node end. Raises FaultError where it does not."""
    if not wait_for(lambda: not inspect(scene, node)["Running"], _ENDED_WITHIN_S):
        raise FaultError(f"{node} did not end")


def shut_down(scene: Scene, node: str) -> None:
    """Let a node's daemons end, and end it; fine where it is off."""
    with explaining():
        scene.client.api.stop(system_name(scene.state.lab, node), timeout=_GRACE_S)
    scene.links.darken(node)


def power_on(scene: Scene, node: str) -> None:
    """Start a node; the keeper brings it its ports and opens its gate. Fine where it runs."""
    with explaining():
        scene.client.api.start(system_name(scene.state.lab, node))


def restart(scene: Scene, node: str, grace_s: int = 0) -> None:
    """Start a node anew, from whatever state."""
    if inspect(scene, node)["Paused"]:
        unfreeze(scene, node)
    with explaining():
        scene.client.api.restart(system_name(scene.state.lab, node), timeout=grace_s)


def freeze(scene: Scene, node: str) -> None:
    """Stop the clock of all of a node's processes (cgroups(7), freezer)."""
    with explaining():
        scene.client.api.pause(system_name(scene.state.lab, node))


def unfreeze(scene: Scene, node: str) -> None:
    """Let a node go on; fine where it does."""
    if inspect(scene, node)["Paused"]:
        with explaining():
            scene.client.api.unpause(system_name(scene.state.lab, node))


def wired_again(scene: Scene, node: Node) -> str:
    """The node runs and has its interfaces, or what it lacks."""
    container = scene.containers.get(node.name)
    if container is None or not container.running:
        return f"{node.name} does not run"
    try:
        seen = see_interfaces(container.namespace)
    except OSError:
        return f"{node.name} starts just now"
    dark = [p.name for p in node.interfaces if p.index not in seen or not seen[p.index].is_up]
    return f"{node.name} lacks {', '.join(dark)}" if dark else ""


# ── processes ─────────────────────────────────────────────────────────────────


def processes_of(container: Container) -> dict[int, str]:
    """The processes of a node by id, with their names (proc(5), comm): all that are in the
    process namespace of its first one."""
    own = _namespace(container.pid)
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if own is not None and _namespace(pid) == own:
            with suppress(OSError):  # it ended just now
                found[pid] = (folder / "comm").read_text().strip()
    return found


def _namespace(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}/ns/pid").stat().st_ino
    except OSError:
        return None


def kill_daemon(scene: Scene, node: str, daemon: str) -> None:
    """SIGKILL for every process of a node that has this very name; the node ends with it where it
    was started as the node's own."""
    container = scene.running(node)
    found = [pid for pid, name in processes_of(container).items() if name == daemon]
    if not any(_parent(pid) == container.pid for pid in found):
        for pid in found:
            _kill(pid, container)
        return
    for pid in found:  # it is all that the node runs
        _kill(pid, container)
    await_off(scene, node)
    scene.links.darken(node)


def _parent(pid: int) -> int | None:
    """The id of a process's parent (proc(5), stat)."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _kill(pid: int, container: Container) -> None:
    """By a descriptor, so that it is no other process that has got the number since."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if _namespace(pid) == _namespace(container.pid):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)


def runs_daemon(scene: Scene, node: str, daemon: str) -> bool:
    """Whether a node runs, and in it a process of this name."""
    container = scene.containers.get(node)
    if container is None or not container.running:
        return False
    return daemon in processes_of(container).values()
