"""What one of a CDN's edges saw of a fetch: when, and over which connection it went on."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.packets.frames import ACK, SYN, Frame
from orchestrator.analysis.story import Story
from orchestrator.analysis.web.fetch import Fetch
from orchestrator.analysis.web.http import HttpExchange


@dataclass(frozen=True)
class Edge:
    """The edge of one fetch. ``opened`` are SYN and SYN-ACK of a connection that it needed."""

    name: str
    fetch: Fetch
    path: str
    start_ns: int
    end_ns: int
    opened: tuple[Frame, Frame] | None


def name_of_edge(story: Story, fetch: Fetch) -> str:
    """The edge that was asked; "" if none was."""
    asked = fetch.front.request.node if fetch.front else ""
    name = asked or (fetch.edge_line.node if fetch.edge_line else "")
    return name if name and story.plan.nodes[name].role == "edge" else ""


def find_edge(story: Story, fetch: Fetch) -> Edge:
    """The edge that a fetch came to, by its packets, else by its log."""
    line, front = fetch.edge_line, fetch.front
    logged_ns, began_ns = (line.line.time_ns, line.began_ns) if line else (0, 0)
    answered = front.response if front else None
    return Edge(
        name=name_of_edge(story, fetch),
        fetch=fetch,
        path=front.request.path if front else line.path if line else "",
        start_ns=front.request.frame.time_ns if front else began_ns,
        end_ns=answered.first.time_ns if answered else front.ended_ns if front else logged_ns,
        opened=_find_opening(story, fetch.upstream) if fetch.upstream else None,
    )


def _find_opening(story: Story, upstream: HttpExchange) -> tuple[Frame, Frame] | None:
    """SYN and SYN-ACK of the connection that it went over, if it is the first on it."""
    request = upstream.request
    for message in story.messages[request.node]:
        same = message.stream[0] == request.stream[0] and message.is_request
        if same and message.time_ns < request.time_ns:
            return None
    there = _ends(request.frame)
    before = [f for f in story.frames_of(request.node)[: request.frame.number] if f.has(SYN)]
    syns = [f for f in before if not f.has(ACK) and _ends(f) == there]
    answers = [f for f in before if f.has(ACK) and _ends(f) == (*there[2:], *there[:2])]
    return (syns[-1], answers[-1]) if syns and answers else None


def _ends(frame: Frame) -> tuple[bytes, int, bytes, int]:
    return frame.source, frame.source_port, frame.target, frame.target_port
