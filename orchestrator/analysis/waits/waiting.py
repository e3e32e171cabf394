"""What a client waits for from a request to the last byte of its response, as segments.

Their ends are packets: at the client, and in between at the servers, whose captures have the same
clock. Where there is none, times of the browser serve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.analysis.connections.round_trip import round_trip_ms
from orchestrator.analysis.packets.frames import ACK, SYN, TCP, Frame
from orchestrator.analysis.story import Story
from orchestrator.analysis.waits.connecting import name_of_client, the_client
from orchestrator.analysis.waits.segment import Path
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.http import HttpExchange, HttpMessage

# Less than a segment: settings and session tickets, which hold up nobody.
_WORTH_BYTES = 1_200
_Stretch = tuple[int, str, str]


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
        for end_ns, name, told in _stations(story, wanted.called, fetch):
            path.until(min(end_ns, first_ns), name, told)
    else:
        _wait_unseen(path, story, fetch, requested_ns, first_ns)
    # Of what is encrypted nobody can tell whose bytes they are.
    coming = fetch.connection.frames if seen and fetch and fetch.connection else ()
    before = _others(coming, False, path.now_ns, first_ns)
    told = f"The response for {wanted.called} begins to come{_after(before)}."
    path.until(first_ns, "network", told)
    among = _others(coming, False, first_ns, ended_ns) - _body_bytes(seen)
    mixed = f", among {among:,} bytes of others" if among >= _WORTH_BYTES else ""
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


def _others(frames: Iterable[Frame], outbound: bool, start_ns: int, end_ns: int) -> int:
    """How many bytes of other responses pass on a connection between two moments."""
    return sum(
        len(f.payload) for f in frames if f.outbound == outbound and start_ns < f.time_ns < end_ns
    )


def _after(others: int) -> str:
    if others < _WORTH_BYTES:
        return ""
    return f", after {others:,} bytes of others on the same connection"


def _stations(story: Story, what: str, fetch: Fetch) -> Iterator[_Stretch]:
    """Where a request is, from server to server and back: until when, a name, and a sentence."""
    front, up, balanced = fetch.front, fetch.upstream, fetch.balanced
    if front is None:
        return
    node = front.request.node
    yield front.request.ended_ns, "network", f"The request for {what} travels to {node}."
    if up is not None and up.response is not None:
        verdict = f" ({fetch.cache})" if fetch.cache else ""
        lacks = f"{node} does not have {what}{verdict} and"
        yield from _dialling(story, front.request, up.request, lacks)
        yield up.request.time_ns, "edge", f"{lacks} asks the origin."
    if balanced is not None and balanced is not front:
        at = balanced.request.node
        yield balanced.request.ended_ns, "origin network", f"The request travels on to {at}."
    yield from _origin(fetch, what)
    if up is not None and up.response is not None:
        told = f"The origin's response travels back to {node}."
        yield up.response.time_ns, "origin network", told
    if front.response is not None:
        yield front.response.time_ns, *_handing_out(fetch, what, front.response)


def _handing_out(fetch: Fetch, what: str, response: HttpMessage) -> tuple[str, str]:
    """The last that the server does which the client is connected with."""
    node, up, served = response.node, fetch.upstream, fetch.served
    name = "edge" if fetch.edge_line or fetch.cache else "server"
    if up is not None and up.response is not None:
        told, since_ns = f"{node} takes it and passes it on", up.response.time_ns
    elif served is not None and served.response is not None:
        name, told, since_ns = "balancer", f"{node} passes it on", served.response.time_ns
    else:
        has = f"{node} has {what} in its cache and answers"
        told = has if fetch.cache == "HIT" else f"{node} answers"
        since_ns = fetch.front.request.ended_ns if fetch.front else response.time_ns
    frames = fetch.peer.frames if fetch.peer else ()
    return name, f"{told}{_after(_others(frames, True, since_ns, response.time_ns))}."


def _dialling(
    story: Story, asked: HttpMessage, passed_on: HttpMessage, lacks: str
) -> Iterator[_Stretch]:
    """The edge's new connection to the origin, if it had to open one for this."""
    first = passed_on.first
    ends = (first.source_port, first.target, first.target_port)
    for frame in story.frames_of(first.node):
        back = (frame.target_port, frame.source, frame.source_port)
        is_answer = frame.protocol == TCP and frame.has(SYN, ACK) and back == ends
        if is_answer and asked.time_ns < frame.time_ns < first.time_ns:
            told = f"{lacks} opens a connection to the origin: a round trip."
            yield frame.time_ns, "origin connect", told


def _origin(fetch: Fetch, what: str) -> Iterator[_Stretch]:
    """The balancer, and the server behind it."""
    balanced, served = fetch.balanced, fetch.served
    if balanced is None:
        return
    at = balanced.request.node
    if served is not None and served.response is not None:
        server = served.request.node
        yield served.request.ended_ns, "balancer", f"{at} chooses {server} and passes it on."
        yield served.response.time_ns, "application", f"{server} makes {what}."
    if balanced.response is not None and balanced is not fetch.front:
        yield balanced.response.time_ns, "balancer", f"{at} passes the response back."


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
    path.until(first_ns - half_ns, "server", f"The server makes the response.{of_that}")
