"""Where a request is that is waited for, from server to server and back, as stretches of time.

Their ends are packets at the servers, whose captures have the client's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.analysis.packets.frames import ACK, SYN, TCP, Frame
from orchestrator.analysis.story import Story
from orchestrator.analysis.waits.send_queue import is_held_by_window
from orchestrator.analysis.web.fetch import Fetch
from orchestrator.analysis.web.http import HttpMessage
from orchestrator.records.server_logs import Logged

# Less than a segment: settings and session tickets, which hold up nobody.
WORTH_BYTES = 1_200
# Until when, a name, and a sentence.
Stretch = tuple[int, str, str]
_LOCK = "cache lock"
_LOG_STEP_NS = 2_000_000  # Logs count milliseconds, cut off.
_OLD_COPIES = ("STALE", "UPDATING")
# TR, Tw, Tc and Tr of HAProxy's timers (its configuration manual, 8.4).
_UNTIL_ANSWERED = 4


def bytes_of_others(frames: Iterable[Frame], outbound: bool, start_ns: int, end_ns: int) -> int:
    """How many bytes of other responses pass on a connection between two moments."""
    return sum(
        len(f.payload) for f in frames if f.outbound == outbound and start_ns < f.time_ns < end_ns
    )


def after_others(others: int) -> str:
    """That so many bytes of others came first, to go on in a sentence; "" of a few."""
    if others < WORTH_BYTES:
        return ""
    return f", after {others:,} bytes of others on the same connection"


def stations(story: Story, what: str, fetch: Fetch) -> Iterator[Stretch]:
    """Where a request is, from server to server and back: until when, a name, and a sentence."""
    front = fetch.front
    if front is None:
        return
    node = front.request.node
    yield front.request.ended_ns, "network", f"The request for {what} travels to {node}."
    if fetch.filling is not None:
        told = f"{node} is fetching {what} for another request already: this one waits for that."
        yield fetch.filling.ended_ns, _LOCK, told
    if not fetch.is_update:
        yield from _way_to_origin(story, what, fetch)
    if front.response is not None:
        yield from _handing_out(fetch, what, front.response)


def _way_to_origin(story: Story, what: str, fetch: Fetch) -> Iterator[Stretch]:
    """From the edge, or from the balancer of a site without one, to the application and back."""
    front, up, balanced = fetch.front, fetch.upstream, fetch.balanced
    if front is not None and up is not None and up.response is not None:
        verdict = f" ({fetch.cache})" if fetch.cache else ""
        lacks = f"{front.request.node} does not have {what}{verdict} and"
        if fetch.in_vain:
            told = f"{lacks} asks the origin in vain: the connection ends without an answer."
            yield _asked_again_ns(story, up.request), "origin", told
        yield from _dialling(story, front.request, up.request, lacks)
        yield up.request.time_ns, "edge", f"{lacks} asks the origin."
    if balanced is not None and balanced is not front:
        at = balanced.request.node
        yield balanced.request.ended_ns, "origin network", f"The request travels on to {at}."
    yield from _origin(fetch, what)
    if up is not None and up.response is not None:
        told = f"The origin's response travels back to {up.request.node}."
        yield up.response.time_ns, "origin network", told


def _asked_again_ns(story: Story, passed_on: HttpMessage) -> int:
    """When a request was begun again: with the SYN of its connection, if that was new."""
    first = passed_on.first
    ends = (first.source_port, first.target, first.target_port)
    syns = [
        frame.time_ns
        for frame in story.frames_of(first.node)
        if (frame.source_port, frame.target, frame.target_port) == ends
        and frame.has(SYN)
        and frame.time_ns < first.time_ns
    ]
    return syns[-1] if syns else first.time_ns


def _handing_out(fetch: Fetch, what: str, response: HttpMessage) -> Iterator[Stretch]:
    """The last that the server does which the client is connected with."""
    node, since_ns = response.node, _had_ns(fetch, response)
    frames = fetch.peer.frames if fetch.peer else ()
    after = after_others(bytes_of_others(frames, True, since_ns, response.time_ns))
    name, told = _passing_on(fetch, what, node)
    written_ns = _written_ns(fetch)
    was_written = written_ns is not None and written_ns + _LOG_STEP_NS < response.time_ns
    if not is_held_by_window(frames, since_ns, response.first, was_written=was_written):
        yield response.time_ns, name, f"{told}{after}."
        return
    log = ""
    if written_ns is not None and was_written:
        yield written_ns, name, f"{told}."
        log = f" By its log {node} had written it before."
    queued = f"The response for {what} waits in {node}'s send queue{after}"
    yield response.time_ns, "send queue", f"{queued}, until TCP's window lets it out.{log}"


def _written_ns(fetch: Fetch) -> int | None:
    """When the server had handed all of the response to its kernel, by its log at the latest."""
    if fetch.front is None or fetch.front_line is None:
        return None
    return fetch.front.request.ended_ns + fetch.front_line.took_ns


def _had_ns(fetch: Fetch, response: HttpMessage) -> int:
    """Since when a server had what it was to hand out, at the earliest."""
    onward = () if fetch.is_update else (fetch.upstream, fetch.backend, fetch.served)
    for exchange in onward:
        if exchange is not None and exchange.response is not None:
            return exchange.response.time_ns
    line = fetch.balancer_line
    if fetch.balanced is not None and fetch.balanced is fetch.front and line and _answered(line):
        return fetch.balanced.request.ended_ns + answered_within_ns(line)
    filled_ns = fetch.filling.ended_ns if fetch.filling else 0
    asked_ns = fetch.front.request.ended_ns if fetch.front else response.time_ns
    return max(asked_ns, filled_ns)


def _passing_on(fetch: Fetch, what: str, node: str) -> tuple[str, str]:
    """What a server does with a response that it can send at once."""
    name = "edge" if fetch.edge_line or fetch.cache else "server"
    if fetch.balancer_line is not None and fetch.balanced is fetch.front:
        name = "balancer"
        if not _answered(fetch.balancer_line):
            return name, f"{node} gets no answer of a server, and answers {fetch.status} itself"
    if not fetch.is_update:
        if fetch.upstream is not None and fetch.upstream.response is not None:
            return name, f"{node} takes it and passes it on"
        if fetch.served is not None and fetch.served.response is not None:
            return "balancer", f"{node} passes it on"
    if fetch.filling is not None:
        return _LOCK, f"{node} has {what} by now: it looks every 500 ms, and then answers"
    if fetch.logged_upstream and not fetch.is_update:
        does = "an old copy" if fetch.cache in _OLD_COPIES else f"{fetch.status} of its own"
        return name, f"{node} waits for the origin in vain, and answers with {does}"
    if fetch.cache in _OLD_COPIES:
        return name, f"{node} has an old copy of {what} in its cache and answers with it"
    has = f"{node} has {what} in its cache and answers"
    return name, has if fetch.cache == "HIT" else f"{node} answers"


def _dialling(
    story: Story, asked: HttpMessage, passed_on: HttpMessage, lacks: str
) -> Iterator[Stretch]:
    """The edge's new connection to the origin, if it had to open one for this."""
    first = passed_on.first
    ends = (first.source_port, first.target, first.target_port)
    for frame in story.frames_of(first.node):
        back = (frame.target_port, frame.source, frame.source_port)
        is_answer = frame.protocol == TCP and frame.has(SYN, ACK) and back == ends
        if is_answer and asked.time_ns < frame.time_ns < first.time_ns:
            told = f"{lacks} opens a connection to the origin: a round trip."
            yield frame.time_ns, "origin connect", told


def _origin(fetch: Fetch, what: str) -> Iterator[Stretch]:
    """The balancer, and the server behind it."""
    balanced, served = fetch.balanced, fetch.served
    if balanced is None:
        return
    at = balanced.request.node
    if served is not None and served.response is not None:
        server = served.request.node
        chooses = f"{at} chooses {server} and passes it on."
        if fetch.balancer_line is not None and int(fetch.balancer_line.values["retries"]):
            chooses = f"{at} asks in vain first, then chooses {server} and passes it on."
        yield served.request.ended_ns, "balancer", chooses
        yield served.response.time_ns, "application", f"{server} makes {what}."
    elif fetch.balancer_line is not None and _answered(fetch.balancer_line):
        within_ns = answered_within_ns(fetch.balancer_line)
        told = (
            f"The server behind {at} makes {what}, within {within_ns / 1e6:.0f} ms by {at}'s log."
        )
        yield balanced.request.ended_ns + within_ns, "application", told
    if balanced.response is not None and balanced is not fetch.front:
        yield balanced.response.time_ns, "balancer", f"{at} passes the response back."


def answered_within_ns(line: Logged) -> int:
    """From a request until its server answered, as HAProxy counts it, in steps of 1 ms; of others
    until all of the answer was written."""
    if not _answered(line):
        return line.took_ns
    return sum(max(int(ms), 0) for ms in _timers(line)) * 1_000_000


def _answered(line: Logged) -> bool:
    """Whether a server answered HAProxy: Tr is -1 else."""
    return len(_timers(line)) == _UNTIL_ANSWERED and _timers(line)[-1] != "-1"


def _timers(line: Logged) -> list[str]:
    return line.values.get("timers", "").split("/")[:_UNTIL_ANSWERED]
