"""The request for the page: what the browser says to the server (RFC 9110, RFC 9113)."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import how_many
from orchestrator.analysis.step import Detail, Proof, Step, proof_in_log
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller, one_round_trip
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.http import FIELDS, HttpMessage, quote
from orchestrator.records.server_logs import Logged

KIND = "request"
CLIENTS = {"chromium": "Chromium", "curl": "curl"}
_HEADERS = (
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "cookie",
    "cache-control",
    "if-none-match",
    "if-modified-since",
    "priority",
)


def _tell(story: Story) -> Iterator[Step]:
    for place, fetch in enumerate(find_fetches(story).documents):
        if fetch.asked or fetch.front:
            yield _request(story, fetch, redirected=place > 0)
        elif fetch.front_line:
            yield _logged(story, fetch, fetch.front_line)


def _request(story: Story, fetch: Fetch, *, redirected: bool) -> Step:
    exchange = fetch.asked or fetch.front
    assert exchange is not None
    request = exchange.request
    arrived = fetch.front.request.frame if fetch.front and fetch.asked else request.frame
    peer = fetch.peer.node if fetch.peer else ""
    return Step(
        kind=KIND,
        title=f"{request.method} {fetch.url}",
        told=_told(story, fetch, request, redirected=redirected),
        nodes=tuple(filter(None, (story.client.name, peer))),
        start_ns=request.time_ns,
        end_ns=max(arrived.time_ns, request.time_ns),
        proofs=tuple(_proofs(fetch, request)),
        details=_details(fetch, request),
        terms=("HTTP", "request", "header field"),
        milestone=f"{request.method} {request.path} leaves {story.client.name}"
        if fetch.asked
        else "",
    )


def _told(story: Story, fetch: Fetch, request: HttpMessage, *, redirected: bool) -> str:
    who = f"{CLIENTS[story.visit.client]} on {story.client.name}"
    again = "follows the redirection and asks" if redirected else "asks"
    stream = f" as stream {request.stream[1]}" if request.stream[1] else ""
    fields = how_many(len(request.headers), "header field")
    told = (
        f"{who} {again} {request.host} for {request.path}: {request.method} over "
        f"{request.version}{stream}, with {fields}, in a packet of "
        f"{how_many(request.frame.captured.length, 'byte')}."
    )
    if fetch.asked and fetch.front:
        took_ms = (fetch.front.request.frame.time_ns - request.time_ns) / 1e6
        told += f" It reaches {fetch.front.request.node} {took_ms:.1f} ms later."
    elif not fetch.asked:
        told += f" It is shown as {request.node} got it: {story.client.name}'s file lacks it."
    return told


def _proofs(fetch: Fetch, request: HttpMessage) -> Iterator[Proof]:
    yield proof(request.frame, request.shows, f"{request.method} {request.path}")
    if request.host:
        field = "http2.headers.authority" if request.version == "HTTP/2" else "http.host"
        shows = f"{field} == {quote(request.host)}"
        yield proof(request.frame, shows, f"for the host {request.host}")
    if fetch.asked and fetch.front:
        arrived = fetch.front.request
        yield proof(arrived.frame, arrived.shows, f"it reaches {arrived.node}")


def _details(fetch: Fetch, request: HttpMessage) -> dict[str, Detail]:
    found: dict[str, Detail] = {
        "url": fetch.url,
        "method": request.method,
        "protocol": request.version,
        "header_fields": len(request.headers),
        "packet_bytes": request.frame.captured.length,
    }
    known = ((name, request.headers.get(name, "")) for name in _HEADERS)
    return found | {name.replace("-", "_"): value for name, value in known if value}


def why_unread(story: Story) -> str:
    """Why packets that were captured do not show what they carry."""
    if not is_keyed(story):
        return "is encrypted and this run has no keys for it"
    return "cannot be read, since segments came late or out of order"


def is_keyed(story: Story) -> bool:
    """Whether there are keys for the connection that brought the document."""
    connection = story.main_connection
    keyless = connection is not None and connection.stream in story.evidence.keyless
    return story.evidence.has_keys and not keyless


def _logged(story: Story, fetch: Fetch, line: Logged) -> Step:
    """Where it cannot be read: what the server says that it was asked, and no more."""
    told = (
        f"{CLIENTS[story.visit.client]} on {story.client.name} asks for {fetch.url}. The request "
        f"{why_unread(story)}; {line.node} logged it as {line.method} {line.path}."
    )
    onward = (fetch.upstream, fetch.balanced, fetch.backend)
    start_ns = min(line.began_ns, *(e.request.time_ns for e in onward if e), line.line.time_ns)
    return Step(
        kind=KIND,
        title=f"{line.method} {fetch.url}",
        told=told,
        nodes=(story.client.name, line.node),
        start_ns=start_ns,
        end_ns=start_ns,
        proofs=(proof_in_log(line, f"{line.node} got {line.method} {line.path}"),),
        details={"url": fetch.url, "encrypted": not is_keyed(story)},
        terms=("HTTP", "request", "TLS"),
    )


TELLER = Teller(KIND, _tell, FIELDS, round_trips=one_round_trip)
