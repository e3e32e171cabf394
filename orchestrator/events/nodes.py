"""The life of nodes, as Docker tells it: start, end, frozen, out of memory."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from docker.errors import APIError, DockerException
from urllib3.exceptions import HTTPError

from orchestrator.errors import LabError
from orchestrator.events.names import Names, listed
from orchestrator.events.scene import Scene
from orchestrator.records.study import NetworkEvent
from orchestrator.runtime.engine.containers import LAB_LABEL, NODE_LABEL

# By Docker's word for it: of one node, and of several.
_SAID = {
    "start": ("starts", "start"),
    "die": ("ends", "end"),
    "oom": ("runs out of memory", "run out of memory"),
    "pause": ("is frozen", "are frozen"),
    "unpause": ("goes on", "go on"),
}


@contextmanager
def watch_nodes(scene: Scene) -> Iterator[None]:
    """Follow Docker's events of the lab's containers."""
    label = f"{LAB_LABEL}={scene.state.lab}"
    filters = {"label": label, "event": list(_SAID), "type": "container"}
    stream, over = scene.client.api.events(decode=True, filters=filters), threading.Event()

    def follow() -> None:
        try:
            for told in stream:
                if event := read_event(told):
                    _keep_up(scene, event)
                    scene.tell(event)
        except (LabError, DockerException, HTTPError, OSError, ValueError):
            pass  # it ended, or the connection did
        if not over.is_set():
            scene.note("Docker tells no more of nodes")

    threading.Thread(target=follow, name="nodes", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        stream.close()


def read_event(told: Mapping[str, Any]) -> NetworkEvent | None:
    """An event of Docker's; None where it is of no node."""
    action, attributes = str(told.get("Action", "")), told.get("Actor", {}).get("Attributes", {})
    node = attributes.get(NODE_LABEL)
    if node is None or action not in _SAID:
        return None
    detail = {"exit_code": int(attributes["exitCode"])} if "exitCode" in attributes else {}
    return NetworkEvent(int(told["timeNano"]), node, "node", action, node, detail)


def _keep_up(scene: Scene, event: NetworkEvent) -> None:
    container = scene.containers.get(event.node)
    if container is None:
        return
    if event.action == "die":
        scene.containers[event.node] = dataclasses.replace(container, running=False)
    elif event.action == "start":
        try:
            state = scene.client.api.inspect_container(container.id)["State"]
        except APIError:  # it is gone again
            return
        changed = dataclasses.replace(container, pid=state["Pid"], running=state["Running"])
        scene.containers[event.node] = changed


def say_nodes(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``ends with exit code 137``; of a whole lab at once in one sentence."""
    for action, (one, several) in _SAID.items():
        of_it = [event for event in events if event.action == action]
        if len(of_it) > 1:
            yield f"{len(of_it)} nodes {several}: {listed(event.node for event in of_it)}"
        elif of_it:
            code = of_it[0].detail.get("exit_code")
            yield f"{of_it[0].node} {one}{'' if code is None else f' with exit code {code}'}"
