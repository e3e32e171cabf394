"""What happens in a running lab, as a stream of events.

A source watches one thing and tells of it; a sayer puts the events of one kind, of one node and
within a moment, into sentences. Adding a kind is a module here and a line in each table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from orchestrator.events.caches import say_caches, watch_caches
from orchestrator.events.health import say_health, watch_health
from orchestrator.events.kernel import (
    say_addresses,
    say_links,
    say_overrun,
    say_routes,
    watch_kernels,
)
from orchestrator.events.ledger import say_faults, say_lab, watch_ledger
from orchestrator.events.names import Names
from orchestrator.events.nodes import say_nodes, watch_nodes
from orchestrator.events.scene import Scene
from orchestrator.events.sessions import say_sessions, watch_sessions
from orchestrator.records.study import EventKind, NetworkEvent

Source = Callable[[Scene], AbstractContextManager[None]]
Sayer = Callable[[Names, str, Sequence[NetworkEvent]], Iterator[str]]

# Health last: it wants to hear what the others tell.
SOURCES: tuple[Source, ...] = (
    watch_ledger,
    watch_kernels,
    watch_sessions,
    watch_caches,
    watch_nodes,
    watch_health,
)
SAYERS: dict[EventKind, Sayer] = {
    "link": say_links,
    "address": say_addresses,
    "route": say_routes,
    "session": say_sessions,
    "node": say_nodes,
    "health": say_health,
    "fault": say_faults,
    "cache": say_caches,
    "lab": say_lab,
    "monitor": say_overrun,
}
# Told always: without them a stream would end, or have a hole, and not say so.
ALWAYS = ("lab", "monitor")
KINDS = tuple(kind for kind in SAYERS if kind not in ALWAYS)
