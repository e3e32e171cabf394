"""One packet followed over every interface it crossed, both ways.

A packet ends at a proxy, which goes on with one of its own: the trace of a request goes on to the
server that answers it, that of a DNS query to the server that knows (handoff.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.analysis.hops.account import Account as Account
from orchestrator.analysis.hops.account import account as account
from orchestrator.analysis.hops.answers import answer_to
from orchestrator.analysis.hops.handoff import (
    HandOff,
    ask_dns,
    follow_query,
    follow_request,
    question,
)
from orchestrator.analysis.hops.passage import Leg as Leg
from orchestrator.analysis.hops.passage import Passage as Passage
from orchestrator.analysis.hops.passage import divide_time, pass_through
from orchestrator.analysis.hops.trace_notes import tell_notes
from orchestrator.analysis.hops.tracks import Track
from orchestrator.analysis.packets.frames import ACK, DNS_PORT, SYN, UDP, Frame
from orchestrator.analysis.story import Story
from orchestrator.analysis.web.http import HttpExchange, pair_messages
from orchestrator.analysis.web.urls import find_start, host_of, same_target, target_of

_A, _AAAA = 1, 28
_HANDSHAKE, _CLIENT_HELLO, _SERVER_HELLO = 22, 1, 2


@dataclass(frozen=True)
class Trace:
    """A packet's way there, and that of what came back for it. ``notes`` are sentences: NAT,
    hand-offs at proxies, another way back, where it was lost."""

    packet: str
    forward: tuple[Passage, ...]
    back: tuple[Passage, ...]
    forward_legs: tuple[Leg, ...] = ()
    back_legs: tuple[Leg, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def one_way_ns(self) -> int:
        """From the first interface there to the last."""
        return self.forward[-1].time_ns - self.forward[0].time_ns if self.forward else 0


def trace_packets(story: Story) -> Mapping[str, Trace]:
    """The well-known packets of the connection that brought the document; those that there were.

    syn           and back the SYN-ACK
    dns-query     for the document's host; back the answer
    client-hello  its first segment; back the first of the ServerHello
    request       on to the server that answered it; back the first packet of its response
    first-byte    that packet, from the server that answered; back the client's ACK of it
    """
    found = {name: find(story) for name, find in _KNOWN.items()}
    return {name: trace for name, trace in found.items() if trace is not None}


def trace_frame(story: Story, frame: Frame) -> Trace:
    """The packet that a frame shows, wherever it was captured, and the first that answered it."""
    track = story.tracks.of(frame)
    return _trace(story, f"{frame.node}:{frame.number}", [frame], _some(answer_to(story, track)))


def _trace(
    story: Story,
    packet: str,
    there: Sequence[Frame],
    back: Sequence[Frame],
    hand_offs: Sequence[HandOff] = (),
) -> Trace:
    """``there`` and ``back`` have one frame of each packet that went on for the one before."""
    to, fro = _tracks(story, there), _tracks(story, back)
    forward = [track.sightings for track in to]
    backward = [track.sightings for track in fro]
    legs = divide_time(forward, story.plan), divide_time(backward, story.plan)
    return Trace(
        packet=packet,
        forward=pass_through([frame for sightings in forward for frame in sightings]),
        back=pass_through([frame for sightings in backward for frame in sightings]),
        forward_legs=legs[0],
        back_legs=legs[1],
        notes=tuple(tell_notes(story, to, fro, (*legs[0], *legs[1]), hand_offs)),
    )


def _tracks(story: Story, frames: Sequence[Frame]) -> list[Track]:
    """Of each frame, up to the first that did not get to who goes on for it."""
    tracks: list[Track] = []
    for frame in frames:
        track = story.tracks.of(frame)
        if tracks and tracks[-1].last.node != track.first.node:
            break
        tracks.append(track)
    return tracks


def _some(frame: Frame | None) -> list[Frame]:
    return [] if frame is None else [frame]


def _arriving(story: Story, frame: Frame) -> Frame:
    """The frame, or the copy sent again that arrived where this one was lost."""
    if not story.tracks.of(frame).lost:
        return frame
    same = (frame.source, frame.source_port, frame.target, frame.target_port, frame.seq)
    for later in story.frames_of(frame.node):
        ends = (later.source, later.source_port, later.target, later.target_port, later.seq)
        again = later.time_ns > frame.time_ns and ends == same and later.payload == frame.payload
        if again and later.flags == frame.flags and story.tracks.of(later).arrived:
            return later
    return frame


def _trace_syn(story: Story) -> Trace | None:
    connection = story.main_connection
    if connection is None:
        return None
    first = _arriving(story, connection.frames[0])
    answers = (f for f in connection.frames if not f.outbound and f.has(SYN, ACK))
    refusal = answer_to(story, story.tracks.of(first))
    return _trace(story, "syn", [first], _some(next(answers, refusal)))


def _trace_query(story: Story) -> Trace | None:
    queries = list(_queries(story))
    if not queries:
        return None
    connection = story.main_connection
    over6 = connection is not None and len(connection.client[0]) > 4
    fitting = [query for query in queries if question(query)[1] == (_AAAA if over6 else _A)]
    answered = [query for query in fitting if ask_dns(story, query).answer]
    query = _arriving(story, (answered or fitting or queries)[0])
    answer = ask_dns(story, query).answer
    hand_offs = follow_query(story, query)
    back = [h.asks.answer for h in reversed(hand_offs)]
    return _trace(
        story,
        "dns-query",
        [query, *(h.asks.question for h in hand_offs)],
        [frame for frame in (*back, answer) if frame is not None],
        hand_offs,
    )


def _queries(story: Story) -> Iterator[Frame]:
    """The client's own, for the host of the document."""
    host = host_of(find_start(story)).rstrip(".")
    for frame in story.frames_of(story.visit.node):
        asked = frame.outbound and frame.protocol == UDP and frame.target_port == DNS_PORT
        if asked and question(frame)[0] == host:
            yield frame


def _trace_hello(story: Story) -> Trace | None:
    connection = story.main_connection
    frames = connection.frames if connection else ()
    hello = next((f for f in frames if f.outbound and _is_hello(f, _CLIENT_HELLO)), None)
    if hello is None:
        return None
    answer = next((f for f in frames if not f.outbound and _is_hello(f, _SERVER_HELLO)), None)
    return _trace(story, "client-hello", [_arriving(story, hello)], _some(answer))


def _is_hello(frame: Frame, kind: int) -> bool:
    payload = frame.payload
    return len(payload) > 5 and payload[0] == _HANDSHAKE and payload[5] == kind


def _trace_request(story: Story) -> Trace | None:
    exchange = _document(story)
    if exchange is None:
        return None
    hand_offs = follow_request(story, exchange)
    there = [exchange.request.frame, *(h.asks.question for h in hand_offs)]
    arriving = [_arriving(story, frame) for frame in there]
    return _trace(story, "request", arriving, _response(exchange, hand_offs), hand_offs)


def _trace_first_byte(story: Story) -> Trace | None:
    exchange = _document(story)
    if exchange is None or exchange.response is None:
        return None
    hand_offs = follow_request(story, exchange)
    acknowledged = answer_to(story, story.tracks.of(exchange.response.first))
    there = _response(exchange, hand_offs)
    return _trace(story, "first-byte", there, _some(acknowledged), hand_offs)


def _response(exchange: HttpExchange, hand_offs: Sequence[HandOff]) -> list[Frame]:
    """The first packet of the response, and of those that it was made of, the first one first."""
    answers = [h.asks.answer for h in reversed(hand_offs)]
    last = exchange.response.first if exchange.response else None
    return [frame for frame in (*answers, last) if frame is not None]


def _document(story: Story) -> HttpExchange | None:
    """The exchange of the document, as the client has it."""
    connection = story.main_connection
    exchanges = pair_messages(story.messages.get(story.visit.node, ()))
    if connection is None or not exchanges:
        return None
    numbers = {frame.number for frame in connection.frames}
    target = target_of(find_start(story))
    on_it = [x for x in exchanges if x.request.frame.number in numbers]
    asked = [x for x in on_it if same_target(x.request.path, target)]
    return next(iter(asked or on_it), None)


_KNOWN: Mapping[str, Callable[[Story], Trace | None]] = {
    "syn": _trace_syn,
    "dns-query": _trace_query,
    "client-hello": _trace_hello,
    "request": _trace_request,
    "first-byte": _trace_first_byte,
}
PACKETS = tuple(_KNOWN)
