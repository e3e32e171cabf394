"""What a client waits for from a request to the last byte of its response, as segments.

Their ends are packets: at the client, and in between at the servers, whose captures have the same
clock. Where there is none, times of the browser serve.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.connections.round_trip import round_trip_ms
from orchestrator.analysis.story import Story
from orchestrator.analysis.waits.connecting import name_of_client, the_client
from orchestrator.analysis.waits.segment import Path
from orchestrator.analysis.waits.stations import (
    WORTH_BYTES,
    after_others,
    answered_within_ns,
    bytes_of_others,
    stations,
)
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.http import HttpExchange

# Logs count milliseconds, cut off, of what is a little more than the server's own time.
_LOG_STEP_NS = 2_000_000


@dataclass(frozen=True)
class Wanted:
    """What is fetched. The times are the browser's, 0 where it does not know.

    called  what to call it in a sentence: "the page", "cables.png"
    """

    called: str
    host: str
    fetch: Fetch | None
    requested_ns: int = 0
    first_ns: int = 0
    ended_ns: int = 0


def wait_for_response(path: Path, story: Story, wanted: Wanted) -> None:
    """From the request to the last byte of its response."""
    fetch = wanted.fetch
    seen = fetch.asked if fetch and fetch.asked and fetch.asked.response else None
    requested_ns = seen.request.time_ns if seen else wanted.requested_ns
    first_ns = seen.response.time_ns if seen and seen.response else wanted.first_ns
    ended_ns = seen.ended_ns if seen else wanted.ended_ns
    _wait_for_turn(path, story, wanted, requested_ns)
    if fetch is not None and fetch.front is not None:
        for end_ns, name, told in stations(story, wanted.called, fetch):
            path.until(min(end_ns, first_ns), name, told)
    else:
        _wait_unseen(path, story, fetch, requested_ns, first_ns)
    # Of what is encrypted nobody can tell whose bytes they are.
    coming = fetch.connection.frames if seen and fetch and fetch.connection else ()
    before = bytes_of_others(coming, False, path.now_ns, first_ns)
    told = f"The response for {wanted.called} begins to come{after_others(before)}."
    path.until(first_ns, "network", told)
    among = bytes_of_others(coming, False, first_ns, ended_ns) - _body_bytes(seen)
    mixed = f", among {among:,} bytes of others" if among >= WORTH_BYTES else ""
    path.until(ended_ns, "download", f"The rest of {wanted.called} comes{_size(seen)}{mixed}.")


def _wait_for_turn(path: Path, story: Story, wanted: Wanted, requested_ns: int) -> None:
    """In the browser; with HTTP/1.1 perhaps until a connection has nothing else to do."""
    busy = _busy_with(story, wanted.fetch, path.now_ns, requested_ns)
    if busy is not None:
        name = busy.path.rpartition("/")[2] or busy.path
        told = f"{wanted.called} waits: all connections are busy, the one it gets with {name}."
        path.until(busy.ended_ns, "queue", told)
    told = f"{the_client(story)} asks for {wanted.called}."
    path.pause(requested_ns, name_of_client(story), told)


@dataclass(frozen=True)
class _Busy:
    path: str
    ended_ns: int


def _busy_with(story: Story, fetch: Fetch | None, now_ns: int, until_ns: int) -> _Busy | None:
    """What came last over the connection of a request, while that one waited (HTTP/1.1)."""
    asked = fetch.asked if fetch else None
    if asked is None or asked.request.version == "HTTP/2":
        return None
    others = (f.asked for f in find_fetches(story).resources if f.asked)
    same = [e for e in others if e.request.stream == asked.request.stream]
    over = [e for e in same if e.response and now_ns < e.ended_ns <= until_ns]
    last = max(over, key=lambda e: e.ended_ns, default=None)
    return _Busy(last.request.path, last.ended_ns) if last else None


def _body_bytes(seen: HttpExchange | None) -> int:
    """0 where it is not known."""
    response = seen.response if seen else None
    return (response.body_bytes or 0) if response else 0


def _size(seen: HttpExchange | None) -> str:
    size = _body_bytes(seen)
    return f": {size:,} bytes" if size else ""


def _wait_unseen(
    path: Path, story: Story, fetch: Fetch | None, requested_ns: int, first_ns: int
) -> None:
    """Without a capture of the server: half a round trip there, half back, the rest is its."""
    trip_ms = round_trip_ms(story, fetch.connection) if fetch and fetch.connection else None
    if trip_ms is None:
        path.until(first_ns, "response", "The request travels, is answered, and the answer comes.")
        return
    half_ns = round(min(trip_ms * 1e6, first_ns - requested_ns) / 2)
    path.until(requested_ns + half_ns, "network", "The request travels.")
    line = fetch.edge_line if fetch else None
    origin_s = line.values.get("upstream_s", "") if line else ""
    of_that = f" {origin_s} s of that it waited for the origin." if origin_s.strip("-") else ""
    told = f"The server makes the response.{of_that}"
    if fetch is not None and fetch.filling is not None:
        told = "The edge is getting it for another request already: this one waits for that."
    end_ns = first_ns - half_ns
    made_ns = _made_within_ns(fetch)
    if made_ns is not None and path.now_ns + made_ns < end_ns:
        path.until(path.now_ns + made_ns, "server", told)
        told = "The server has made it, by its log: it waits to be sent, or is under way."
        path.until(end_ns, "network", told)
    else:
        path.until(end_ns, "server", told)


def _made_within_ns(fetch: Fetch | None) -> int | None:
    """How long a server took for a response at most, as it logged it; None where it did not."""
    line = fetch.front_line if fetch else None
    return answered_within_ns(line) + _LOG_STEP_NS if line else None
