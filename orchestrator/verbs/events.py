"""Watch a running lab: what happens in it, as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from orchestrator.events import SOURCES
from orchestrator.events.scene import Scene
from orchestrator.events.stream import Stream
from orchestrator.records.study import NetworkEvent
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import find_containers


@contextmanager
def stream_of(lab: str, note: Callable[[str], None]) -> Iterator[tuple[Scene, Stream]]:
    """Watch a lab while the block runs; ``note`` hears what cannot be watched.

    Raises UsageError where there is no such lab, HostError where this is not allowed.
    """
    require_root()
    client, state = connect(), LabState(lab)
    scene = Scene(state, state.plan(), client, find_containers(client, lab), note)
    stream = Stream()
    scene.hearers.append(stream.put)
    with ExitStack() as stack:
        stack.callback(stream.close)
        for watch in SOURCES:
            stack.enter_context(watch(scene))
        yield scene, stream


def watched(scene: Scene) -> NetworkEvent:
    """The first event of a stream: what happens from now on is in it."""
    return NetworkEvent(time.time_ns(), "", "lab", "watched", scene.state.lab)
