"""Nodes that become ill or well: asked what `lab status` asks, gently.

All nodes are asked every 20 s. One of which something else was told is asked within 2 s, and so
is one that is ill, until it is well again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from orchestrator.events.names import Names
from orchestrator.events.scene import Scene
from orchestrator.records.study import EventKind, NetworkEvent
from orchestrator.runtime import boot

_ALL_EVERY_S, _TOUCHED_EVERY_S = 20.0, 2.0
_TOUCHING: tuple[EventKind, ...] = ("link", "address", "route", "session", "node")


@contextmanager
def watch_health(scene: Scene) -> Iterator[None]:
    """Tell of each node that is no longer as it was; first of those that are ill already."""
    touched: set[str] = set()
    ended = threading.Event()

    def touch(event: NetworkEvent) -> None:
        if event.kind in _TOUCHING and event.node in scene.plan.nodes:
            touched.add(event.node)

    scene.hearers.append(touch)
    thread = threading.Thread(target=_run, args=(scene, touched, ended), name="health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        scene.hearers.remove(touch)
        thread.join()


def _run(scene: Scene, touched: set[str], ended: threading.Event) -> None:
    ill: dict[str, str] = {}
    next_round_s = time.monotonic()
    while True:
        asked: Collection[str] = {*_taken(touched), *ill}
        if time.monotonic() >= next_round_s:
            asked, next_round_s = scene.plan.nodes, time.monotonic() + _ALL_EVERY_S
        found = _ask(scene, asked)
        if ended.is_set():  # the lab may be gone; it is not ill
            return
        for event in compare(ill, found, asked, time.time_ns()):
            scene.tell(event)
        ill = {node: why for node, why in ill.items() if node not in asked} | found
        if ended.wait(_TOUCHED_EVERY_S):
            return


def _taken(touched: set[str]) -> Iterator[str]:
    while touched:
        yield touched.pop()


def _ask(scene: Scene, asked: Collection[str]) -> dict[str, str]:
    nodes = tuple(scene.plan.nodes[name] for name in asked)
    return boot.ill_nodes(scene.state, scene.plan, scene.containers, nodes) if nodes else {}


def compare(
    before: Mapping[str, str], found: Mapping[str, str], asked: Collection[str], now_ns: int
) -> Iterator[NetworkEvent]:
    """Who became ill or well, of those who were asked. Another reason is told again as ill."""
    for node in asked:
        if node in found and before.get(node) != found[node]:
            yield NetworkEvent(now_ns, node, "health", "ill", node, {"reason": found[node]})
        elif node in before and node not in found:
            yield NetworkEvent(now_ns, node, "health", "well", node)


def say_health(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``is ill: 1 of 11 sessions down``."""
    for event in events:
        yield f"is ill: {event.detail['reason']}" if event.action == "ill" else "is well again"
