"""The CDN's edge: which one it was, what its cache had, and on a miss the way to the origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.packets.frames import ACK, SYN, Frame
from orchestrator.analysis.step import Detail, Proof, Step, proof_in_log
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.http import FIELDS, HttpExchange
from orchestrator.routes.forwarding import ForwardingPlane, NoPath, round_trip_ms

KIND = "edge"
# $upstream_cache_status of nginx (ngx_http_upstream_module).
_VERDICTS = {
    "HIT": "has a fresh copy of {path} in its cache (HIT) and answers by itself",
    "MISS": "has no copy of {path} in its cache (MISS)",
    "EXPIRED": "has a copy of {path} that is too old (EXPIRED)",
    "STALE": "has an old copy of {path} and answers with it (STALE)",
    "UPDATING": "has an old copy of {path} and answers with it, since a new one is on its way for "
    "an earlier request (UPDATING)",
    "REVALIDATED": "has an old copy of {path} which the origin says is still good (REVALIDATED)",
    "BYPASS": "does not use its cache for {path} (BYPASS)",
}
_SAVED = ("HIT", "STALE", "UPDATING")
_SYN = "tcp.flags.syn == 1 && tcp.flags.ack == {ack}"


@dataclass(frozen=True)
class _Edge:
    """The edge of one fetch. ``opened`` are SYN and SYN-ACK of a connection that it needed."""

    name: str
    fetch: Fetch
    path: str
    start_ns: int
    end_ns: int
    opened: tuple[Frame, Frame] | None
    plane: ForwardingPlane


def _tell(story: Story) -> Iterator[Step]:
    plane: ForwardingPlane | None = None
    for fetch in find_fetches(story).documents:
        if _name(story, fetch):
            plane = plane or ForwardingPlane(story.plan)
            yield _step(story, _find_edge(story, fetch, plane))


def _name(story: Story, fetch: Fetch) -> str:
    """The edge that was asked; "" if none was."""
    asked = fetch.front.request.node if fetch.front else ""
    name = asked or (fetch.edge_line.node if fetch.edge_line else "")
    return name if name and story.plan.nodes[name].role == "edge" else ""


def _find_edge(story: Story, fetch: Fetch, plane: ForwardingPlane) -> _Edge:
    line, front = fetch.edge_line, fetch.front
    logged_ns, began_ns = (line.line.time_ns, line.began_ns) if line else (0, 0)
    answered = front.response if front else None
    return _Edge(
        name=_name(story, fetch),
        fetch=fetch,
        path=front.request.path if front else line.path if line else "",
        start_ns=front.request.frame.time_ns if front else began_ns,
        end_ns=answered.first.time_ns if answered else front.ended_ns if front else logged_ns,
        opened=_find_opening(story, fetch.upstream) if fetch.upstream else None,
        plane=plane,
    )


def _find_opening(story: Story, upstream: HttpExchange) -> tuple[Frame, Frame] | None:
    """SYN and SYN-ACK of the connection that it went over, if it is the first on it."""
    request = upstream.request
    for message in story.messages[request.node]:
        same = message.stream[0] == request.stream[0] and message.is_request
        if same and message.time_ns < request.time_ns:
            return None
    there = _ends(request.frame)
    before = [f for f in story.frames_of(request.node)[: request.frame.number] if f.has(SYN)]
    syns = [f for f in before if not f.has(ACK) and _ends(f) == there]
    answers = [f for f in before if f.has(ACK) and _ends(f) == (*there[2:], *there[:2])]
    return (syns[-1], answers[-1]) if syns and answers else None


def _ends(frame: Frame) -> tuple[bytes, int, bytes, int]:
    return frame.source, frame.source_port, frame.target, frame.target_port


def _step(story: Story, edge: _Edge) -> Step:
    verdict = edge.fetch.cache
    expected = _expected(story, edge)
    origin = _origin(story, edge)
    return Step(
        kind=KIND,
        title=f"{edge.name}: {verdict}" if verdict else f"{edge.name} answers by itself",
        told=_told(edge, verdict, origin),
        nodes=tuple(filter(None, (edge.name, origin if edge.fetch.upstream else ""))),
        start_ns=edge.start_ns,
        end_ns=max(edge.end_ns, edge.start_ns),
        proofs=tuple(_proofs(edge, verdict)),
        details=_details(edge, verdict),
        saved=_saved(story, edge, origin),
        expected=f"{expected}, by the plan's routes" if expected else "",
        as_expected=edge.name == expected if expected else None,
        terms=("CDN", "edge", "cache", "anycast"),
        milestone=f"{edge.name}: {verdict}" if verdict and edge.fetch.front else "",
    )


def _origin(story: Story, edge: _Edge) -> str:
    """The name of where a miss goes; "" where the plan does not say."""
    upstream = edge.fetch.upstream
    if upstream:
        owner = story.plan.owner_of(upstream.request.frame.target_address)
        return owner.name if owner else ""
    settings = story.plan.nodes[edge.name].settings
    sites = {site.host: site.origin for site in getattr(settings, "sites", ())}
    host = edge.fetch.front.request.host if edge.fetch.front else ""
    owner = story.plan.owner_of(sites[host]) if host in sites else None
    return owner.name if owner else ""


def _told(edge: _Edge, verdict: str, origin: str) -> str:
    if not verdict:
        return (
            f"{edge.name} answers {edge.fetch.status} by itself: its configuration says so, "
            "and its cache has no part in it."
        )
    says = _VERDICTS.get(verdict, "says of its cache: " + verdict).format(path=edge.path)
    took_ms = (edge.end_ns - edge.start_ns) / 1e6
    told = f"{edge.name} {says}."
    if verdict in _SAVED and edge.fetch.front:
        told = f"{edge.name} {says}, within {took_ms:.1f} ms."
    elif edge.fetch.upstream is None:
        told += f" Its answer is {edge.fetch.status}."
    if edge.fetch.upstream:
        return f"{told} {_upstream(edge, edge.fetch.upstream, origin)}"
    return told


def _upstream(edge: _Edge, upstream: HttpExchange, origin: str) -> str:
    # nginx may answer with what it has and get a new copy for those who ask later.
    answered = upstream.response
    later = edge.fetch.front and (answered is None or answered.first.time_ns > edge.end_ns)
    meanwhile = "For a new copy, which this answer does not wait for, it" if later else "It"
    asks = f"{meanwhile} asks the origin {origin} over {upstream.request.version}"
    if edge.opened:
        over = f"on a new connection, whose handshake took {_round_trip_ms(edge.opened):.1f} ms"
    else:
        over = "on a connection kept from an earlier request"
    if upstream.response is None:
        return f"{asks}, {over}, and no answer was seen."
    took_ms = (upstream.response.first.time_ns - upstream.request.time_ns) / 1e6
    return f"{asks}, {over}; the answer begins {took_ms:.1f} ms after the request."


def _round_trip_ms(opened: tuple[Frame, Frame]) -> float:
    syn, answer = opened
    return (answer.time_ns - syn.time_ns) / 1e6


def _proofs(edge: _Edge, verdict: str) -> Iterator[Proof]:
    fetch = edge.fetch
    for exchange in (fetch.front, fetch.asked):
        response = exchange.response if exchange else None
        if response and "x-cache" in response.headers:
            place = f"at {response.node}"
            yield proof(response.frame, response.shows_header("x-cache"), f"{verdict} {place}")
            if "x-edge" in response.headers:
                says = f"who answers, {place}"
                yield proof(response.frame, response.shows_header("x-edge"), says)
        elif exchange is fetch.front and response:
            yield proof(response.frame, response.shows, f"{edge.name} answers")
    if fetch.edge_line:
        yield proof_in_log(fetch.edge_line, f"{edge.name}'s log")
    if edge.opened:
        yield proof(edge.opened[0], _SYN.format(ack=0), "SYN to the origin")
        yield proof(edge.opened[1], _SYN.format(ack=1), "SYN-ACK from the origin")
    if fetch.upstream:
        request = fetch.upstream.request
        yield proof(request.frame, request.shows, "the request to the origin")
        if "x-request-id" in request.headers:
            yield proof(request.frame, request.shows_header("x-request-id"), "the same request")


def _details(edge: _Edge, verdict: str) -> dict[str, Detail]:
    found: dict[str, Detail] = {"cache": verdict} if verdict else {}
    if line := edge.fetch.edge_line:
        found |= {"request_id": line.request_id}
        found |= {name: line.values[name] for name in ("upstream", "upstream_s", "total_s")}
    if edge.fetch.upstream:
        found["new_connection"] = edge.opened is not None
    if edge.opened:
        found["round_trip_ms"] = _round_trip_ms(edge.opened)
    return {name: value for name, value in found.items() if value != ""}


def _saved(story: Story, edge: _Edge, origin: str) -> str:
    if edge.fetch.cache not in _SAVED:
        kept = edge.fetch.upstream and not edge.opened
        return "a TCP handshake with the origin" if kept else ""
    way = f"the way to the origin {origin} and back" if origin else "the way to the origin"
    try:
        away = story.plan.nodes[origin].address if origin else None
        away_ms = round_trip_ms(edge.plane, edge.name, away) if away else 0
    except NoPath:
        away_ms = 0
    return f"{way}, {away_ms:.1f} ms by the plan" if away_ms else way


def _expected(story: Story, edge: _Edge) -> str:
    """Where the plan's routes lead the client's packets to the address that it asked."""
    connection = edge.fetch.connection
    shared = [name for s in story.plan.anycast.values() for name in s.instances]
    if connection is None or edge.name not in shared:
        return ""
    try:
        hops = edge.plane.path(story.client.name, connection.frames[0].target_address)
    except NoPath:
        return ""
    return hops[-1].receiver if hops else ""


def _round_trips(step: Step) -> int:
    """A cache that has it asks nobody; a miss is a request, on a connection that may be new."""
    if "new_connection" not in step.details:
        return 0
    return 2 if step.details["new_connection"] else 1


TELLER = Teller(KIND, _tell, FIELDS, answered=True, round_trips=_round_trips)
