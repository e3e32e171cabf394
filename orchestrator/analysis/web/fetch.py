"""What the browser fetched: each request at every server that it reached.

It is found again at who ended the browser's connection by that connection and the HTTP/2 stream;
from there on by X-Request-Id. Where a site has no edge nobody gives requests an id: then by
method, path and server, within the time that the balancer had it, if one and no more fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from orchestrator.analysis.connections.peers import Peer
from orchestrator.analysis.story import Connection, Story
from orchestrator.analysis.web.filling import Filling
from orchestrator.analysis.web.http import HttpExchange, HttpMessage
from orchestrator.analysis.web.serving import Serving, url_of
from orchestrator.analysis.web.urls import find_start
from orchestrator.records.server_logs import Logged
from orchestrator.records.visit import Resource

_REDIRECTS = (301, 302, 303, 307, 308)
_OLD_COPY = ("STALE", "UPDATING")
_MOST_REDIRECTS = 20  # As browsers have it.


@dataclass(frozen=True)
class Fetch:
    """A URL that the browser asked for. What was not seen is None.

    resource    the browser's own account of it and its place in visit.json; not of documents
    connection  the client's, and ``peer`` who was at its other end
    asked       as the client saw it; None where it is encrypted and there are no keys
    front       as the peer saw it: the edge, or the balancer of a site without one
    upstream    from the edge on, to the origin; ``in_vain`` its tries before, unanswered
    balanced    as it came to the balancer, and ``backend`` as it left it
    served      as it came to the web or application server
    filling     another's request, whose answer it waited for at the edge
    """

    url: str
    resource: tuple[int, Resource] | None = None
    connection: Connection | None = None
    peer: Peer | None = None
    asked: HttpExchange | None = None
    front: HttpExchange | None = None
    edge_line: Logged | None = None
    upstream: HttpExchange | None = None
    in_vain: tuple[HttpExchange, ...] = ()
    balanced: HttpExchange | None = None
    balancer_line: Logged | None = None
    backend: HttpExchange | None = None
    served: HttpExchange | None = None
    server_line: Logged | None = None
    filling: Filling | None = None

    @property
    def is_update(self) -> bool:
        """Whether the edge had answered already when the origin did: with an old copy, while it
        gets a new one for those who ask later (RFC 5861). Nobody waits for the origin then.

        nginx logs an upstream only of answers that waited for it.
        """
        if self.upstream is None:
            return False
        if self.edge_line and self.cache in _OLD_COPY:
            return not self.logged_upstream
        answered, origin = self.front.response if self.front else None, self.upstream.response
        if origin is None:
            return answered is not None and self.cache in _OLD_COPY
        return answered is not None and origin.time_ns > answered.time_ns

    @property
    def logged_upstream(self) -> str:
        """Whom the edge asked for this answer, as it logged it; "" if nobody."""
        return self.edge_line.values["upstream"].strip("-") if self.edge_line else ""

    @property
    def exchange(self) -> HttpExchange | None:
        """As the client saw it; as its peer did where the client's file does not show all."""
        if self.asked and (self.asked.response or not (self.front and self.front.response)):
            return self.asked
        return self.front

    @property
    def response(self) -> HttpMessage | None:
        """The response as the browser got it; None where none was seen."""
        return self.exchange.response if self.exchange else None

    @property
    def front_line(self) -> Logged | None:
        """What the peer logged of it: the edge, or the balancer of a site without one."""
        return self.edge_line or (None if self.upstream else self.balancer_line)

    @property
    def status(self) -> int:
        """Of the response; 0 if none is known."""
        if self.response:
            return self.response.status
        return self.front_line.status if self.front_line else 0

    @property
    def cache(self) -> str:
        """The edge's verdict, by its header or its log: "HIT", "MISS", …; "" without one."""
        logged = self.edge_line.values["cache"] if self.edge_line else ""
        return self.response.headers.get("x-cache", logged) if self.response else logged


@dataclass(frozen=True)
class Fetches:
    """``documents`` are the page and what led to it by redirection, in order."""

    documents: tuple[Fetch, ...]
    resources: tuple[Fetch, ...]


def find_fetches(story: Story) -> Fetches:
    """All that was fetched of which something was seen or logged; many tellers ask."""
    return story.once(_find)


def _find(story: Story) -> Fetches:
    serving = Serving(story)
    documents: list[Fetch] = []
    url, after_ns = find_start(story), 0
    while len(documents) < _MOST_REDIRECTS:
        fetch = _follow(serving, url, serving.find_asked(url, after_ns), after_ns)
        if not (fetch.asked or fetch.front or fetch.front_line):
            break
        documents.append(fetch)
        location = fetch.response.headers.get("location") if fetch.response else None
        if fetch.status not in _REDIRECTS or not location or not fetch.exchange:
            break
        url, after_ns = urljoin(url, location), fetch.exchange.ended_ns
    return Fetches(tuple(documents), tuple(_resources(story, serving, documents)))


def _resources(story: Story, serving: Serving, documents: list[Fetch]) -> list[Fetch]:
    """Those that the browser tells of, then those that it asked for and does not tell of.

    Each request is of one file: of two with the same URL the browser may have kept the first.
    """
    known = {id(fetch.asked) for fetch in documents}
    found = []
    for place, resource in enumerate(story.visit.resources):
        asked = serving.find_asked(resource.url, 0, known)
        if asked is None and serving.find_asked(resource.url):
            found.append(Fetch(resource.url, (place, resource)))
            continue
        known.add(id(asked))
        found.append(_follow(serving, resource.url, asked, 0, (place, resource)))
    others = [entry for entry in serving.asked if id(entry) not in known]
    return found + [_follow(serving, url_of(entry), entry) for entry in others]


def _follow(
    serving: Serving,
    url: str,
    asked: HttpExchange | None,
    after_ns: int = 0,
    resource: tuple[int, Resource] | None = None,
) -> Fetch:
    front = serving.find_front(url, asked, after_ns)
    request_id = front.request_id if front else asked.request_id if asked else ""
    edge_line = serving.find_edge_line(url, request_id, asked, after_ns)
    request_id = request_id or (edge_line.request_id if edge_line else "")
    request_id = request_id or serving.find_onward_id(front)
    connection, peer = serving.connection_of(asked, front, edge_line)
    upstream = serving.find_by_id(request_id, "edge", inbound=False)
    tries = serving.tries_by_id(request_id, "edge", inbound=False)
    balanced = serving.find_by_id(request_id, "balancer", inbound=True)
    if front and serving.role_of(front.request.node) == "balancer":
        balanced = front
    balancer_line = serving.find_balancer_line(url, request_id, asked, balanced)
    if connection is None:
        connection, peer = serving.connection_of(None, None, balancer_line)
    backend = serving.find_backend(url, request_id, balanced, balancer_line)
    served = serving.find_served(backend)
    server_line = serving.find_server_line(request_id, served)
    return Fetch(
        url,
        resource,
        connection,
        peer,
        asked,
        front,
        edge_line,
        upstream,
        _before(tries, upstream),
        balanced,
        balancer_line,
        backend,
        served,
        server_line,
        None if upstream else serving.find_filling(front, edge_line),
    )


def _before(tries: list[HttpExchange], answered: HttpExchange | None) -> tuple[HttpExchange, ...]:
    """The tries before that one, which nobody answered."""
    if answered is None:
        return ()
    began_ns = answered.request.time_ns
    return tuple(e for e in tries if e.response is None and e.request.time_ns < began_ns)
