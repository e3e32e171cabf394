"""Looks up, at each server of a run, the exchanges and log lines that belong to one request."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from urllib.parse import unquote, urlsplit

from orchestrator.analysis.connections.peers import Peer, find_peer
from orchestrator.analysis.story import Connection, Story
from orchestrator.analysis.web.filling import Filling, Waiting, find_filling
from orchestrator.analysis.web.http import HttpExchange, pair_messages
from orchestrator.analysis.web.urls import key_of, same_target, same_url, target_of
from orchestrator.records.server_logs import (
    Logged,
    read_app_log,
    read_balancer_log,
    read_edge_log,
    read_web_log,
)
from orchestrator.records.testimony import LogLine

_PORTS = {"http": 80, "https": 443}
# HAProxy's and the app's logs count milliseconds, and Docker reads their lines a little later.
_LOG_SLACK_NS = 20_000_000
_LOGS: dict[str, Callable[[str, Iterable[LogLine]], Iterator[Logged]]] = {
    "edge": read_edge_log,
    "balancer": read_balancer_log,
    "app": read_app_log,
    "web": read_web_log,
}


class Serving:
    """The servers of a run. Times are nanoseconds since 1970-01-01 UTC."""

    def __init__(self, story: Story) -> None:
        self.story = story
        nodes = [n for n in story.plan.nodes.values() if n.role in _LOGS or n == story.client]
        messages = {node.name: story.messages.get(node.name, ()) for node in nodes}
        self.exchanges = {
            node: tuple(e for e in pair_messages(found) if not e.is_health_check)
            for node, found in messages.items()
        }
        self.asked = tuple(e for e in self.exchanges[story.client.name] if not e.inbound)
        self._asked_by_key: dict[str, list[HttpExchange]] = {}
        for entry in self.asked:
            self._asked_by_key.setdefault(key_of(url_of(entry)), []).append(entry)
        self.lines: dict[str, list[Logged]] = {role: [] for role in _LOGS}
        for node in nodes:
            if read := _LOGS.get(node.role):
                lines = story.evidence.logs.get(node.name, ())
                self.lines[node.role] += read(node.name, lines)
        self.peers = [(c, find_peer(story, c)) for c in story.connections]

    def role_of(self, node: str) -> str:
        """The role that a node plays."""
        return self.story.plan.nodes[node].role

    def find_asked(
        self, url: str, after_ns: int = 0, but: Container[int] = ()
    ) -> HttpExchange | None:
        """The client's first request for a URL from a moment on; ``but`` are ids of objects."""
        for entry in self._asked_by_key.get(key_of(url), ()):
            in_time = entry.request.time_ns >= after_ns and id(entry) not in but
            if in_time and same_url(url_of(entry), url):
                return entry
        return None

    def find_front(
        self, url: str, asked: HttpExchange | None, after_ns: int
    ) -> HttpExchange | None:
        """The request as it came to who ended the client's connection."""
        for connection, peer in self.peers:
            end = _client_end(peer)
            if asked and connection.stream != _ends(asked):
                continue
            for entry in self.exchanges.get(peer.node, ()) if end else ():
                if not entry.inbound or _ends(entry)[0] != end or entry.request.time_ns < after_ns:
                    continue
                if asked is None and same_url(url_of(entry), url):
                    return entry
                if asked and _is_same(asked, entry):
                    return entry
        return None

    def find_edge_line(
        self, url: str, request_id: str, asked: HttpExchange | None, after_ns: int
    ) -> Logged | None:
        """What the edge logged of it."""
        if request_id:
            return _first(e for e in self.lines["edge"] if e.request_id == request_id)
        return self._line_by_client(self.lines["edge"], url, asked, after_ns)

    def find_balancer_line(
        self,
        url: str,
        request_id: str,
        asked: HttpExchange | None,
        balanced: HttpExchange | None,
    ) -> Logged | None:
        """What the balancer logged of it."""
        lines = self.lines["balancer"]
        if request_id:
            return _last(e for e in lines if e.request_id == request_id)
        after_ns = balanced.request.time_ns if balanced else 0
        return self._line_by_client(lines, url, asked, after_ns)

    def _line_by_client(
        self, lines: list[Logged], url: str, asked: HttpExchange | None, after_ns: int
    ) -> Logged | None:
        """By the connection that it came over, as the server saw it, and the path."""
        parts = urlsplit(url)
        path, port = target_of(url), parts.port or _PORTS.get(parts.scheme, 0)
        begun_ns = max(after_ns, asked.request.time_ns if asked else 0)
        for connection, peer in self.peers:
            if connection.server[1] != port or (asked and connection.stream != _ends(asked)):
                continue
            for line in lines:
                fits = line.client == _client_end(peer) and line.node == peer.node
                if fits and same_target(line.path, path) and line.line.time_ns >= begun_ns:
                    return line
        return None

    def connection_of(
        self, asked: HttpExchange | None, front: HttpExchange | None, line: Logged | None
    ) -> tuple[Connection | None, Peer | None]:
        """The client's connection that it went over, and its peer."""
        end = _ends(front)[0] if front else line.client if line else None
        for connection, peer in self.peers:
            if asked and connection.stream == _ends(asked):
                return connection, peer
            if not asked and end and _client_end(peer) == end:
                return connection, peer
        return None, None

    def find_by_id(self, request_id: str, role: str, *, inbound: bool) -> HttpExchange | None:
        """The exchange with that id at the node of a role; None without an id.

        A proxy asks again where nobody answers: of several tries the last that was answered, else
        the last.
        """
        tries = self.tries_by_id(request_id, role, inbound=inbound)
        return max(tries, key=lambda e: (e.response is not None, e.request.time_ns), default=None)

    def tries_by_id(self, request_id: str, role: str, *, inbound: bool) -> list[HttpExchange]:
        """All exchanges with that id at nodes of a role, in order; none without an id."""
        found = [
            entry
            for node, entries in self.exchanges.items()
            if request_id and self.role_of(node) == role
            for entry in entries
            if entry.inbound == inbound and entry.request.request_id == request_id
        ]
        return sorted(found, key=lambda entry: entry.request.time_ns)

    def find_onward_id(self, front: HttpExchange | None) -> str:
        """The id of a request that an edge neither answered nor logged while the visit lasted:
        that of what it then asked its origin for, if one and no more fits. "" else."""
        if front is None or front.response or self.role_of(front.request.node) != "edge":
            return ""
        asked = front.request
        ids = {
            entry.request.request_id
            for entry in self.exchanges[asked.node]
            if not entry.inbound
            and (entry.request.host, entry.request.path) == (asked.host, asked.path)
            and entry.request.time_ns >= asked.time_ns
        }
        return ids.pop() if len(ids) == 1 else ""

    def find_filling(self, front: HttpExchange | None, edge_line: Logged | None) -> Filling | None:
        """What a request waited for at an edge that was fetching the same for another one."""
        waiting = Waiting.of(front, edge_line)
        node = front.request.node if front else edge_line.node if edge_line else ""
        if waiting is None or self.role_of(node) != "edge":
            return None
        lines = (line for line in self.lines["edge"] if line.node == node)
        return find_filling(waiting, self.exchanges[node], lines)

    def find_backend(
        self, url: str, request_id: str, balanced: HttpExchange | None, line: Logged | None
    ) -> HttpExchange | None:
        """The balancer's own request to the server that it chose."""
        if request_id or not (balanced or line):
            return self.find_by_id(request_id, "balancer", inbound=False)
        node = balanced.request.node if balanced else line.node if line else ""
        begin_ns, end_ns = _time_at_balancer(balanced, line)
        fitting = [
            entry
            for entry in self.exchanges[node]
            if not entry.inbound
            and begin_ns <= entry.request.time_ns <= end_ns
            and (line is None or line.values["server"] == self.server_of(entry))
            and same_target(entry.request.path, target_of(url))
        ]
        return fitting[0] if len(fitting) == 1 else None

    def server_of(self, backend: HttpExchange) -> str:
        """The name of the node that a request goes to; "" if the plan has none there."""
        owner = self.story.plan.owner_of(backend.request.frame.target_address)
        return owner.name if owner else ""

    def find_served(self, backend: HttpExchange | None) -> HttpExchange | None:
        """The balancer's request as its server saw it: the same packet."""
        if backend is None:
            return None
        for entry in self.exchanges.get(self.server_of(backend), ()):
            if entry.inbound and entry.request.frame.identity == backend.request.frame.identity:
                return entry
        return None

    def find_server_line(self, request_id: str, served: HttpExchange | None) -> Logged | None:
        """What the server logged of it; without an id if it is the only one of path and time."""
        if served is None:
            return None
        node, path = served.request.node, _decoded(served.request.path)
        lines = [e for e in (*self.lines["app"], *self.lines["web"]) if e.node == node]
        if request_id:
            return _first(e for e in lines if e.request_id == request_id)
        begin_ns, end_ns = served.request.time_ns, served.ended_ns + _LOG_SLACK_NS
        fitting = [
            e for e in lines if _decoded(e.path) == path and begin_ns <= e.line.time_ns <= end_ns
        ]
        return fitting[0] if len(fitting) == 1 else None


def url_of(exchange: HttpExchange) -> str:
    """What was asked for. A server's own name for itself is not in it, nor is a proxy's."""
    request = exchange.request
    scheme = "https" if request.dissection.has("tls") else "http"
    return f"{scheme}://{request.host}{request.path}"


def _decoded(path: str) -> str:
    """Without its query, as the application writes it into its log."""
    return unquote(urlsplit(path).path)


def _ends(exchange: HttpExchange) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    frame = exchange.request.frame
    return (frame.source, frame.source_port), (frame.target, frame.target_port)


def _client_end(peer: Peer) -> tuple[bytes, int] | None:
    """The client's end of the connection as the peer saw it."""
    return (peer.frames[0].source, peer.frames[0].source_port) if peer.frames else None


def _is_same(asked: HttpExchange, entry: HttpExchange) -> bool:
    one, other = asked.request, entry.request
    same = (one.method, one.path, one.stream[1]) == (other.method, other.path, other.stream[1])
    return same and other.time_ns >= one.time_ns


def _time_at_balancer(balanced: HttpExchange | None, line: Logged | None) -> tuple[int, int]:
    if balanced and balanced.response:
        return balanced.request.time_ns, balanced.ended_ns
    if line is None:
        return 0, 0
    return line.began_ns - _LOG_SLACK_NS, line.line.time_ns


def _first(found: Iterator[Logged]) -> Logged | None:
    return next(found, None)


def _last(found: Iterator[Logged]) -> Logged | None:
    return max(found, key=lambda logged: logged.line.time_ns, default=None)
