"""The critical path: what the load event waited for, moment by moment.

It is found backwards: the load event waits for all that the page is made of, so for the last of it
that came; that one for who named it (the page, a stylesheet, a script), and the page for TLS, TCP
and DNS. It is told forwards, each segment from where the last one ended, so that all add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.analysis.connections.handshake import read_handshake
from orchestrator.analysis.connections.peers import (
    answers_of,
    dissections_of,
    find_peer,
    in_words,
)
from orchestrator.analysis.names.lookups import DnsExchange, Questions
from orchestrator.analysis.packets.frames import RST
from orchestrator.analysis.story import Connection, Story
from orchestrator.analysis.waits.chain import Link, find_chain
from orchestrator.analysis.waits.connecting import (
    name_of_client,
    the_client,
    wait_for_connection,
    wait_for_lookup,
)
from orchestrator.analysis.waits.losses import note_losses
from orchestrator.analysis.waits.segment import Path, Segment
from orchestrator.analysis.waits.waiting import Wanted, wait_for_response
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.urls import find_start, host_of

_FAILED = {"dns": "DNS", "connect": "TCP", "tls": "TLS alert", "timeout": "timeout"}
__all__ = ["Segment", "find_critical_path"]


def find_critical_path(story: Story) -> tuple[Segment, ...]:
    """The segments from the click to the load event, in order, without gaps.

    Of a visit that failed: to its failure. Nothing where nothing of it was seen.
    """
    if story.visit.timings_ms.load is None:
        return note_losses(story, _to_failure(story))
    path = Path(story.started_ns, story.ended_ns)
    chain = find_chain(story)
    # What comes next may be found, and so be waited for, before the last byte of what names it.
    limits = [*(link.began_ns for link in chain), story.ended_ns]
    path.limit_ns = min(limits[0], story.ended_ns)
    _documents(path, story)
    for link, limit_ns in zip(chain, limits[1:], strict=True):
        path.limit_ns = story.ended_ns
        told = f"The browser reads {link.found_in} and finds {link.called} in it."
        path.pause(link.began_ns, "browser", told)
        path.limit_ns = limit_ns
        _resource(path, story, link)
    path.until(story.ended_ns, name_of_client(story), _last(story, chain))
    return note_losses(story, path.segments)


def _last(story: Story, chain: list[Link]) -> str:
    if story.visit.client != "chromium":
        return f"{story.visit.client} takes note of the last byte and ends."
    if not chain:
        return "The browser parses and draws the page; nothing else is needed."
    return f"{chain[-1].called} is there; the browser uses it, and the load event fires."


def _documents(path: Path, story: Story) -> None:
    """The page, and before it what led there by redirection."""
    documents = find_fetches(story).documents
    for place, fetch in enumerate(documents):
        is_page = place == len(documents) - 1
        called = "the page" if is_page else f"{fetch.url} (which leads elsewhere)"
        _fetch(path, story, _page(story, fetch, called) if is_page else _named(fetch, called))
    if not documents:
        _fetch(path, story, _page(story, None, "the page"))


def _named(fetch: Fetch, called: str) -> Wanted:
    return Wanted(called, host_of(fetch.url), fetch)


def _page(story: Story, fetch: Fetch | None, called: str) -> Wanted:
    """With the browser's own times: where packets do not show it, those count."""
    host = host_of(fetch.url if fetch else find_start(story))
    entries = story.evidence.timeline.get("navigation", [])
    times = _times(story, entries[0]) if entries else _recorded_times(story)
    return Wanted(called, host, fetch, *times)


def _times(story: Story, entry: Mapping[str, Any]) -> tuple[int, int, int]:
    """When it was asked for, when the response began, and when it ended."""
    names = ("requestStart", "responseStart", "responseEnd")
    asked, first, ended = (story.at(float(entry.get(name) or 0)) for name in names)
    return asked, first, ended


def _recorded_times(story: Story) -> tuple[int, int, int]:
    """The same by the record of the visit, which counts from when the connection stood."""
    timings, connection = story.visit.timings_ms, story.main_connection
    if connection is None or not answers_of(connection):
        return 0, 0, 0
    found = read_handshake(dissections_of(story, connection.frames))
    finished = found.finished.frame if found and found.finished else answers_of(connection)[0]
    first_ns = finished.time_ns + round((timings.ttfb or 0) * 1e6)
    return finished.time_ns, first_ns, first_ns + round((timings.download or 0) * 1e6)


def _resource(path: Path, story: Story, link: Link) -> None:
    fetches = (f for f in find_fetches(story).resources if f.url == link.url)
    fetch = next((f for f in fetches if _is_within(f, link)), None)
    times = (link.requested_ns, link.first_ns, link.ended_ns)
    _fetch(path, story, Wanted(link.called, host_of(link.url), fetch, *times))


def _is_within(fetch: Fetch, link: Link) -> bool:
    return fetch.asked is None or link.began_ns <= fetch.asked.request.time_ns <= link.ended_ns


def _fetch(path: Path, story: Story, wanted: Wanted) -> None:
    connection = wanted.fetch.connection if wanted.fetch else story.main_connection
    if connection is not None:
        wait_for_connection(path, story, connection, _asked(story, wanted.host))
    wait_for_response(path, story, wanted)


def _asked(story: Story, host: str) -> list[DnsExchange]:
    """What the client asked of DNS about a host, within its search domains as well."""
    asked, wanted = Questions(story).by(story.client.name), host.rstrip(".").lower()
    return [e for e in asked if f"{e.name.rstrip('.').lower()}.".startswith(f"{wanted}.")]


# --- visits that failed


def _to_failure(story: Story) -> tuple[Segment, ...]:
    host = host_of(find_start(story))
    end_ns = _failed_ns(story, host)
    path = Path(story.started_ns, end_ns)
    asked = _asked(story, host)
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
        _documents(path, story)
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
        answers = [e.answer.frame.time_ns for e in _asked(story, host) if e.answer]
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
