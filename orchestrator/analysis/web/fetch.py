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
from orchestrator.analysis.web.http import HttpExchange, HttpMessage
from orchestrator.analysis.web.serving import Serving, same_url, url_of
from orchestrator.records.server_logs import Logged
from orchestrator.records.visit import Resource

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 20  # As browsers have it.


@dataclass(frozen=True)
class Fetch:
    """A URL that the browser asked for. What was not seen is None.

    resource    the browser's own account of it and its place in visit.json; not of documents
    connection  the client's, and ``peer`` who was at its other end
    asked       as the client saw it; None where it is encrypted and there are no keys
    front       as the peer saw it: the edge, or the balancer of a site without one
    upstream    from the edge on, to the origin
    balanced    as it came to the balancer, and ``backend`` as it left it
    served      as it came to the web or application server
    """

    url: str
    resource: tuple[int, Resource] | None = None
    connection: Connection | None = None
    peer: Peer | None = None
    asked: HttpExchange | None = None
    front: HttpExchange | None = None
    edge_line: Logged | None = None
    upstream: HttpExchange | None = None
    balanced: HttpExchange | None = None
    balancer_line: Logged | None = None
    backend: HttpExchange | None = None
    served: HttpExchange | None = None
    server_line: Logged | None = None

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
        return self.edge_line or self.balancer_line

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
    url, after_ns = story.visit.url, 0
    while len(documents) < _MOST_REDIRECTS:
        fetch = _follow(serving, url, after_ns)
        if not (fetch.asked or fetch.front or fetch.front_line):
            break
        documents.append(fetch)
        location = fetch.response.headers.get("location") if fetch.response else None
        if fetch.status not in _REDIRECTS or not location or not fetch.exchange:
            break
        url, after_ns = urljoin(url, location), fetch.exchange.ended_ns
    return Fetches(tuple(documents), tuple(_resources(story, serving, documents)))


def _resources(story: Story, serving: Serving, documents: list[Fetch]) -> list[Fetch]:
    """Those that the browser tells of, then those that it asked for and does not tell of."""
    told = [
        _follow(serving, resource.url, 0, (place, resource))
        for place, resource in enumerate(story.visit.resources)
    ]
    known = {id(fetch.asked) for fetch in (*documents, *told)}
    others = [entry for entry in serving.asked if id(entry) not in known]
    return told + [_follow(serving, url_of(entry), 0, None, entry) for entry in others]


def _follow(
    serving: Serving,
    url: str,
    after_ns: int,
    resource: tuple[int, Resource] | None = None,
    asked: HttpExchange | None = None,
) -> Fetch:
    asked = asked or next(
        (e for e in serving.asked if same_url(url_of(e), url) and e.request.time_ns >= after_ns),
        None,
    )
    front = serving.find_front(url, asked, after_ns)
    request_id = front.request_id if front else asked.request_id if asked else ""
    edge_line = serving.find_edge_line(url, request_id, asked, after_ns)
    request_id = request_id or (edge_line.request_id if edge_line else "")
    connection, peer = serving.connection_of(asked, front, edge_line)
    upstream = serving.find_by_id(request_id, "edge", inbound=False)
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
        balanced,
        balancer_line,
        backend,
        served,
        server_line,
    )
