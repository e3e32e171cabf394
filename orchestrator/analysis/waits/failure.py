"""The critical path of a visit that failed: to where the client knew that it had."""

from __future__ import annotations

from orchestrator.analysis.connections.handshake import read_handshake
from orchestrator.analysis.connections.peers import (
    answers_of,
    dissections_of,
    find_peer,
    in_words,
)
from orchestrator.analysis.names.lookups import DnsExchange
from orchestrator.analysis.packets.frames import RST
from orchestrator.analysis.story import Connection, Story
from orchestrator.analysis.waits.connecting import (
    name_of_client,
    the_client,
    wait_for_connection,
    wait_for_lookup,
)
from orchestrator.analysis.waits.fetching import questions_about, wait_for_documents
from orchestrator.analysis.waits.segment import Path, Segment
from orchestrator.analysis.web.urls import find_start, host_of

_FAILED = {"dns": "DNS", "connect": "TCP", "tls": "TLS alert", "timeout": "timeout"}


def tell_failure(story: Story) -> tuple[Segment, ...]:
    """What the client waited for in vain, in order and without gaps."""
    host = host_of(find_start(story))
    end_ns = _failed_ns(story, host)
    path = Path(story.started_ns, end_ns)
    asked = questions_about(story, host)
    if story.visit.error == "url":  # whatever it had begun to look up
        told = f"{the_client(story)} does not go there ({story.visit.error_detail})."
        path.until(end_ns, name_of_client(story), told)
        return path.segments
    if not story.connections:
        wait_for_lookup(path, story, asked, end_ns)
        path.until(end_ns, "DNS", _without_address(story, asked, host))
        return path.segments
    wait_for_lookup(path, story, asked, story.connections[0].opened_ns)
    for place, connection in enumerate(story.connections):
        next_ns = [c.opened_ns for c in story.connections[place + 1 :]]
        told = f"{the_client(story)} opens a connection."
        path.pause(connection.opened_ns, name_of_client(story), told)
        if answers_of(connection):
            wait_for_connection(path, story, connection, asked)
        else:
            _wait_for_nothing(path, story, connection, min(next_ns, default=end_ns))
    if story.visit.error == "timeout":
        wait_for_documents(path, story)
    told = story.visit.error_detail or "the visit failed"
    path.until(end_ns, _FAILED.get(story.visit.error or "", "failure"), f"The end of it: {told}.")
    return path.segments


def _without_address(story: Story, asked: list[DnsExchange], host: str) -> str:
    """What is waited for in vain once the last answer has come, if any came."""
    if not asked:
        return f"{the_client(story)} finds no address of {host}, and no question for one is seen."
    unheard = in_words(dict.fromkeys(str(e.server) for e in asked if e.answer is None))
    if unheard:
        return f"{story.client.name} asks {unheard} for the address of {host}: no answer comes."
    return f"{the_client(story)} has no address of {host}, and gives up."


def _wait_for_nothing(path: Path, story: Story, connection: Connection, next_ns: int) -> None:
    """A connection that is refused, or of which nothing is heard until the next is tried."""
    called = find_peer(story, connection).called
    refused = next((f for f in connection.frames if f.has(RST) and not f.outbound), None)
    if refused is not None:
        path.until(refused.time_ns, "TCP refused", f"{called} refuses the connection.")
    else:
        path.until(next_ns, "TCP in vain", f"{called} does not answer the SYN.")


def _failed_ns(story: Story, host: str) -> int:
    """When the client knew, as far as packets show it."""
    if story.visit.error == "timeout":
        return story.ended_ns
    if not story.connections:
        answers = [e.answer.frame.time_ns for e in questions_about(story, host) if e.answer]
        return max(answers, default=story.ended_ns)
    ends = []
    for connection in story.connections:
        found = read_handshake(dissections_of(story, connection.frames))
        # Without keys the alert stands where Finished would.
        told = (found.alert or found.finished) if found else None
        if told is not None and story.visit.error == "tls":
            ends.append(told.frame.time_ns)
        ends += [f.time_ns for f in connection.frames if f.has(RST) and not f.outbound]
    return max(ends, default=story.ended_ns)
