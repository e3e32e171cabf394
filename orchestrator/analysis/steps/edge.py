"""The CDN's edge: which one it was, what its cache had, and on a miss the way to the origin."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Detail, Proof, Step, proof_in_log
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller, is_waited_for
from orchestrator.analysis.web.edges import Edge, find_edge, name_of_edge
from orchestrator.analysis.web.fetch import find_fetches
from orchestrator.analysis.web.filling import Filling
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
_CLIENT_GONE = 499  # What nginx logs where the client closes before there is an answer.
_SAVED = ("HIT", "STALE", "UPDATING")
_SYN = "tcp.flags.syn == 1 && tcp.flags.ack == {ack}"


def _tell(story: Story) -> Iterator[Step]:
    plane: ForwardingPlane | None = None
    for fetch in find_fetches(story).documents:
        if name_of_edge(story, fetch):
            plane = plane or ForwardingPlane(story.plan)
            yield _step(story, find_edge(story, fetch), plane)


def _step(story: Story, edge: Edge, plane: ForwardingPlane) -> Step:
    verdict = edge.fetch.cache
    expected = _expected(story, edge, plane)
    origin = _origin(story, edge)
    return Step(
        kind=KIND,
        title=_title(edge, verdict),
        told=_told(edge, verdict, origin),
        nodes=tuple(filter(None, (edge.name, origin if edge.fetch.upstream else ""))),
        start_ns=edge.start_ns,
        end_ns=max(edge.end_ns, edge.start_ns),
        proofs=tuple(_proofs(edge, verdict)),
        details=_details(edge, verdict),
        saved=_saved(edge, origin, plane),
        expected=f"{expected}, by the plan's routes" if expected else "",
        as_expected=edge.name == expected if expected else None,
        terms=("CDN", "edge", "cache", "anycast", *(("cache lock",) if edge.fetch.filling else ())),
        milestone=f"{edge.name}: {verdict}" if verdict and edge.fetch.front else "",
    )


def _title(edge: Edge, verdict: str) -> str:
    if verdict:
        return f"{edge.name}: {verdict}"
    if not edge.fetch.status:
        return f"{edge.name} does not answer"
    passed = edge.fetch.upstream or edge.fetch.logged_upstream
    return f"{edge.name} passes it on" if passed else f"{edge.name} answers by itself"


def _origin(story: Story, edge: Edge) -> str:
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


def _told(edge: Edge, verdict: str, origin: str) -> str:
    if not (verdict or edge.fetch.status):
        return _told_unanswered(edge, origin)
    if not verdict:
        return _told_without_cache(edge, origin)
    if edge.fetch.filling:
        return _told_of_lock(edge, edge.fetch.filling)
    says = _VERDICTS.get(verdict, "says of its cache: " + verdict).format(path=edge.path)
    took_ms = (edge.end_ns - edge.start_ns) / 1e6
    told = f"{edge.name} {says}."
    if verdict in _SAVED and edge.fetch.front:
        why = f", since {origin or 'the origin'} gave no good answer" if _is_rescue(edge) else ""
        told = f"{edge.name} {says}{why}, within {took_ms:.1f} ms."
    elif edge.fetch.upstream is None:
        told += _vain(edge, origin)
    if edge.fetch.upstream:
        return f"{told} {_upstream(edge, edge.fetch.upstream, origin)}"
    return told


def _vain(edge: Edge, origin: str) -> str:
    """That an origin, if it was asked, did not answer."""
    ends = f"its answer is {edge.fetch.status}"
    if edge.fetch.status == _CLIENT_GONE:
        ends = "the client does not wait any longer"
    if not edge.fetch.logged_upstream:
        return f" {ends[0].upper()}{ends[1:]}."
    assert edge.fetch.edge_line is not None
    within = f"within {edge.fetch.edge_line.values['upstream_s']} s"
    return f" {origin or 'The origin'} gives none {within}: {ends}."


def _is_rescue(edge: Edge) -> bool:
    """Whether the edge took an old copy in the place of an error of the origin's (RFC 5861)."""
    return edge.fetch.cache == "STALE" and bool(edge.fetch.logged_upstream)


def _told_without_cache(edge: Edge, origin: str) -> str:
    """Where nginx logs no verdict, an upstream tells whose answer it is."""
    fetch = edge.fetch
    if fetch.upstream:
        passed = f"{edge.name} passes {edge.path} on, and its cache has no part in it."
        return f"{passed} {_upstream(edge, fetch.upstream, origin)}"
    if asked := edge.fetch.logged_upstream:
        return (
            f"{edge.name} passes {edge.path} on to {origin or asked}, and its cache has no part "
            f"in it. The answer is {fetch.status}."
        )
    return (
        f"{edge.name} answers {fetch.status} by itself: its configuration says so, and its cache "
        "has no part in it."
    )


def _told_unanswered(edge: Edge, origin: str) -> str:
    """Of what nginx neither answered nor logged: whether its cache had it, nobody knows."""
    told = (
        f"{edge.name} has the request for {edge.path}, and has not answered it when the visit ends."
    )
    if edge.fetch.upstream:
        return f"{told} {_upstream(edge, edge.fetch.upstream, origin)}"
    return told


def _told_of_lock(edge: Edge, filling: Filling) -> str:
    waited_ms = (filling.ended_ns - edge.start_ns) / 1e6
    more_ms = (edge.end_ns - filling.ended_ns) / 1e6
    return (
        f"{edge.name} has no copy of {edge.path}, but is fetching it for another request already "
        f"(cache lock). This one waits {waited_ms:.1f} ms until the other's is there and, since "
        f"nginx looks every 500 ms only, {more_ms:.1f} ms more; then it gets that copy "
        f"({edge.fetch.cache})."
    )


def _upstream(edge: Edge, upstream: HttpExchange, origin: str) -> str:
    later = edge.fetch.is_update
    meanwhile = "For a new copy, which this answer does not wait for, it" if later else "It"
    begins = _in_vain(edge, upstream) or meanwhile
    asks = f"{begins} asks the origin {origin} over {upstream.request.version}"
    if edge.opened:
        over = f"on a new connection, whose handshake took {_round_trip_ms(edge.opened):.1f} ms"
    else:
        over = "on a connection kept from an earlier request"
    if upstream.response is None:
        return f"{asks}, {over}, and no answer was seen."
    took_ms = (upstream.response.first.time_ns - upstream.request.time_ns) / 1e6
    return f"{asks}, {over}; the answer begins {took_ms:.1f} ms after the request."


def _in_vain(edge: Edge, upstream: HttpExchange) -> str:
    """That it had asked before, as nginx does again where a connection ends without an answer."""
    vain = edge.fetch.in_vain
    if not vain:
        return ""
    after_ms = (upstream.request.time_ns - vain[0].request.time_ns) / 1e6
    often = "" if len(vain) == 1 else f" {len(vain)} times"
    return f"It asks in vain{often}: no answer comes. {after_ms:.1f} ms later it"


def _round_trip_ms(opened: tuple[Frame, Frame]) -> float:
    syn, answer = opened
    return (answer.time_ns - syn.time_ns) / 1e6


def _proofs(edge: Edge, verdict: str) -> Iterator[Proof]:
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
    if fetch.filling:
        yield _prove_filling(fetch.filling)
    if edge.opened:
        yield proof(edge.opened[0], _SYN.format(ack=0), "SYN to the origin")
        yield proof(edge.opened[1], _SYN.format(ack=1), "SYN-ACK from the origin")
    for tried in fetch.in_vain:
        yield proof(tried.request.frame, tried.request.shows, "the request that is not answered")
    if fetch.upstream:
        request = fetch.upstream.request
        yield proof(request.frame, request.shows, "the request to the origin")
        if "x-request-id" in request.headers:
            yield proof(request.frame, request.shows_header("x-request-id"), "the same request")


def _prove_filling(filling: Filling) -> Proof:
    answer = filling.upstream.response if filling.upstream else None
    if answer:
        return proof(answer.frame, answer.shows, "the origin's answer to the other request")
    assert filling.line is not None
    return proof_in_log(filling.line, "the other request, which filled the cache")


def _details(edge: Edge, verdict: str) -> dict[str, Detail]:
    found: dict[str, Detail] = {"cache": verdict} if verdict else {}
    if line := edge.fetch.edge_line:
        found |= {"request_id": line.request_id}
        found |= {name: line.values[name] for name in ("upstream", "upstream_s", "total_s")}
    if edge.fetch.upstream:
        found["new_connection"] = edge.opened is not None
    if edge.fetch.is_update:
        found["waited_for"] = False
    if edge.opened:
        found["round_trip_ms"] = _round_trip_ms(edge.opened)
    return {name: value for name, value in found.items() if value != ""}


def _saved(edge: Edge, origin: str, plane: ForwardingPlane) -> str:
    if edge.fetch.filling:
        return "a request to the origin, not the wait for its answer"
    if edge.fetch.cache not in _SAVED or _is_rescue(edge):
        kept = edge.fetch.upstream and not edge.opened
        return "a TCP handshake with the origin" if kept else ""
    way = f"the way to the origin {origin} and back" if origin else "the way to the origin"
    try:
        away = plane.plan.nodes[origin].address if origin else None
        away_ms = round_trip_ms(plane, edge.name, away) if away else 0
    except NoPath:
        away_ms = 0
    return f"{way}, {away_ms:.1f} ms by the plan" if away_ms else way


def _expected(story: Story, edge: Edge, plane: ForwardingPlane) -> str:
    """Where the plan's routes lead the client's packets to the address that it asked."""
    connection = edge.fetch.connection
    shared = [name for s in story.plan.anycast.values() for name in s.instances]
    if connection is None or edge.name not in shared:
        return ""
    try:
        hops = plane.path(story.client.name, connection.frames[0].target_address)
    except NoPath:
        return ""
    return hops[-1].receiver if hops else ""


def _round_trips(step: Step) -> int:
    """A cache that has it asks nobody; a miss is a request, on a connection that may be new; for
    an update nobody waits."""
    if "new_connection" not in step.details or not is_waited_for(step):
        return 0
    return 2 if step.details["new_connection"] else 1


TELLER = Teller(KIND, _tell, FIELDS, answered=True, round_trips=_round_trips)
