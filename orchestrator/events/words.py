"""Events as lines for people: what one node did within a moment is one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from orchestrator.events import SAYERS
from orchestrator.events.names import Names
from orchestrator.records.study import EventKind, NetworkEvent


class Line(NamedTuple):
    """A sentence, whose it is ("" for the lab's), and when the first of what it says was."""

    time_ns: int
    node: str
    text: str


def lines_of(names: Names, events: Iterable[NetworkEvent]) -> Iterator[Line]:
    """Sentences for the events of a moment, which are in the order of time."""
    groups: dict[tuple[EventKind, str], list[NetworkEvent]] = {}
    for event in events:
        # Nodes end and start together; each says so in its subject.
        node = "" if event.kind == "node" else event.node
        groups.setdefault((event.kind, node), []).append(event)
    for (kind, node), told in groups.items():
        for text in SAYERS[kind](names, node, told):
            yield Line(told[0].time_ns, node, text)


def clock(time_ns: int) -> str:
    """A moment as the user's clock has it, like ``09:41:12.345``."""
    return f"{datetime.fromtimestamp(time_ns // 10**9):%H:%M:%S}.{time_ns // 10**6 % 1000:03}"


def as_object(event: NetworkEvent) -> dict[str, Any]:
    """An event as `lab events --json` prints it: ISO 8601 in UTC, and nanoseconds since 1970."""
    whole = datetime.fromtimestamp(event.time_ns // 10**9, UTC)
    return {
        "time": f"{whole:%Y-%m-%dT%H:%M:%S}.{event.time_ns // 1000 % 10**6:06}Z",
        "time_ns": event.time_ns,
        "node": event.node,
        "kind": event.kind,
        "action": event.action,
        "subject": event.subject,
        "detail": dict(event.detail),
    }
