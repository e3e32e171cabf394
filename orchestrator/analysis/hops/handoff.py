"""Where one packet ends and another goes on for it: proxies of HTTP, forwarders of DNS.

An HTTP proxy (the edge's nginx, the balancer's HAProxy) tells requests apart by X-Request-Id,
which it sends on. Where it sends none, what it asked for the same path while it was asked is
taken, if that is one request only. A forwarder of DNS (a gateway's dnsmasq) asks the same
question, under an id of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.packets.frames import DNS_PORT, UDP, Frame
from orchestrator.analysis.story import Story
from orchestrator.analysis.web.http import HttpExchange, pair_messages

_DNS_HEADER = 12


@dataclass(frozen=True)
class Asked:
    """A question and its answer, each by the packet with which it begins, at one node."""

    question: Frame
    answer: Frame | None


@dataclass(frozen=True)
class HandOff:
    """What ``node`` was asked, and what it asked for that; ``known_by`` says what joins them."""

    node: str
    asked: Asked
    asks: Asked
    known_by: str


def follow_request(story: Story, exchange: HttpExchange) -> tuple[HandOff, ...]:
    """The proxies that a request of the client goes on at, in order; () if its server answered."""
    found: list[HandOff] = []
    asks: HttpExchange | None = exchange
    while asks is not None and len(found) < len(story.plan.nodes):
        here = _asked_at_end(story, asks)
        asks = _asked_for(story, here) if here is not None else None
        if here is not None and asks is not None:
            found.append(_hand_off(here, asks))
    return tuple(found)


def _hand_off(here: HttpExchange, asks: HttpExchange) -> HandOff:
    known_by = f"the path {asks.request.path}"
    if asks.request_id:
        known_by = f"x-request-id {asks.request_id}"
    return HandOff(here.request.node, _packets(here), _packets(asks), known_by)


def _packets(exchange: HttpExchange) -> Asked:
    answer = exchange.response
    return Asked(exchange.request.frame, answer.first if answer else None)


def _asked_at_end(story: Story, asks: HttpExchange) -> HttpExchange | None:
    """The same exchange, as the node has it where the request's packet ends."""
    last = story.tracks.of(asks.request.frame).last
    came_in = [x for x in _exchanges(story, last.node) if x.inbound]
    seen = {last.number}
    for exchange in came_in:
        if seen & {exchange.request.frame.number, exchange.request.first.number}:
            return exchange
    # Its packet was sent again, and is another here.
    same = [x for x in came_in if x.request_id and x.request_id == asks.request_id]
    return same[0] if same else None


def _asked_for(story: Story, here: HttpExchange) -> HttpExchange | None:
    """What a node asked for the sake of what it was asked; None if it answered by itself."""
    went_out = [x for x in _exchanges(story, here.request.node) if not x.inbound]
    within = [
        x
        for x in went_out
        if here.request.time_ns <= x.request.time_ns <= here.ended_ns and not _is_later(x, here)
    ]
    known = [x for x in within if x.request_id and x.request_id == here.request_id]
    if known:
        return known[0]
    like = [x for x in within if not x.request_id and x.request.path == here.request.path]
    return like[0] if len(like) == 1 else None


def _exchanges(story: Story, node: str) -> tuple[HttpExchange, ...]:
    return pair_messages(story.messages.get(node, ()))


def ask_dns(story: Story, query: Frame) -> Asked:
    """A query and what the node that asked it was answered."""
    back = (query.target, query.target_port, query.source, query.source_port)
    for frame in story.frames_of(query.node):
        ends = (frame.source, frame.source_port, frame.target, frame.target_port)
        later = frame.time_ns > query.time_ns and frame.protocol == UDP
        if later and ends == back and frame.payload[:2] == query.payload[:2]:
            return Asked(query, frame)
    return Asked(query, None)


def follow_query(story: Story, query: Frame) -> tuple[HandOff, ...]:
    """Who asked on for a query, in order: the gateway at its ISP's resolver, that at the server
    which knows. Who asks several at once is followed to the one that answered first."""
    found: list[HandOff] = []
    asks: Asked | None = ask_dns(story, query)
    while asks is not None and len(found) < len(story.plan.nodes):
        came_in = story.tracks.of(asks.question).last
        asked = ask_dns(story, came_in)
        asks = None if came_in.outbound else _asked_on(story, asked)
        if asks is not None:
            found.append(HandOff(came_in.node, asked, asks, "the same question"))
    return tuple(found)


def _asked_on(story: Story, asked: Asked) -> Asked | None:
    """What a node asked for the sake of what it was asked; None if it answered by itself."""
    start_ns = asked.question.time_ns
    end_ns = asked.answer.time_ns if asked.answer else story.ended_ns
    wanted = question(asked.question)
    asks = [
        ask_dns(story, frame)
        for frame in story.frames_of(asked.question.node)
        if frame.outbound
        and frame.target_port == DNS_PORT
        and start_ns <= frame.time_ns <= end_ns
        and question(frame) == wanted
    ]
    by_answer = sorted(asks, key=lambda x: x.answer.time_ns if x.answer else end_ns)
    return by_answer[0] if by_answer else None


def question(query: Frame) -> tuple[str, int]:
    """The name that a DNS message asks for, in lower case without the last dot, and the number
    of the type (RFC 1035, 4.1.2); ("", 0) where it cannot be read."""
    labels, place, body = [], _DNS_HEADER, query.payload
    while place < len(body) and (length := body[place]):
        labels.append(body[place + 1 : place + 1 + length])
        place += 1 + length
    kind = body[place + 1 : place + 3]
    if len(kind) < 2:
        return "", 0
    return b".".join(labels).decode("ascii", "replace").lower(), int.from_bytes(kind)


def _is_later(asks: HttpExchange, here: HttpExchange) -> bool:
    """Whether what was asked for came after the answer that it would have been for: an update."""
    came, left = asks.response, here.response
    return bool(came and left and came.first.time_ns > left.first.time_ns)
