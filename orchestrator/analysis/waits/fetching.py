"""What a visit waits for to have one thing: its name, a connection, and the response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.analysis.connections.handshake import read_handshake
from orchestrator.analysis.connections.peers import answers_of, dissections_of
from orchestrator.analysis.names.lookups import DnsExchange, Questions
from orchestrator.analysis.story import Story
from orchestrator.analysis.waits.connecting import wait_for_connection
from orchestrator.analysis.waits.segment import Path
from orchestrator.analysis.waits.waiting import Wanted, wait_for_response
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.urls import find_start, host_of


def wait_for_documents(path: Path, story: Story) -> None:
    """The page, and before it what led there by redirection."""
    documents = find_fetches(story).documents
    for place, fetch in enumerate(documents):
        is_page = place == len(documents) - 1
        called = "the page" if is_page else f"{fetch.url} (which leads elsewhere)"
        wanted = _page(story, fetch, called) if is_page else _named(fetch, called)
        wait_for_fetch(path, story, wanted)
    if not documents:
        wait_for_fetch(path, story, _page(story, None, "the page"))


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


def wait_for_fetch(path: Path, story: Story, wanted: Wanted) -> None:
    """Name, connection, request and response of one thing."""
    connection = wanted.fetch.connection if wanted.fetch else story.main_connection
    if connection is not None:
        wait_for_connection(path, story, connection, questions_about(story, wanted.host))
    wait_for_response(path, story, wanted)


def questions_about(story: Story, host: str) -> list[DnsExchange]:
    """What the client asked of DNS about a host, within its search domains as well."""
    asked, wanted = Questions(story).by(story.client.name), host.rstrip(".").lower()
    return [e for e in asked if f"{e.name.rstrip('.').lower()}.".startswith(f"{wanted}.")]
