"""The load balancer: which backend and server HAProxy chose, and the timers of its log."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from orchestrator.analysis.step import Detail, Proof, Step, proof_in_log
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller, one_if_waited_for
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.health import find_ill
from orchestrator.analysis.web.http import FIELDS
from orchestrator.records.server_logs import Logged

KIND = "balancer"
# HAProxy configuration manual, 8.4: what each timer of httplog measures, in milliseconds; -1
# where it did not come so far.
_TIMERS = {
    "request_ms": "until it had the whole request",
    "queue_ms": "in the queue",
    "connect_ms": "to connect to the server",
    "server_ms": "until the server answered",
    "total_ms": "in all",
}


def _tell(story: Story) -> Iterator[Step]:
    for fetch in find_fetches(story).documents:
        if fetch.balancer_line or fetch.backend:
            yield _step(story, fetch)


def _step(story: Story, fetch: Fetch) -> Step:
    line, balanced, backend = fetch.balancer_line, fetch.balanced, fetch.backend
    balancer = line.node if line else backend.request.node if backend else ""
    server = _server(story, fetch)
    first = balanced or backend
    logged_ns = line.line.time_ns if line else 0
    title = f"{balancer} chooses {server}" if server else f"{balancer} has no server to ask"
    return Step(
        kind=KIND,
        title=title,
        told=_told(story, fetch, balancer, server),
        nodes=tuple(filter(None, (balancer, server))),
        start_ns=first.request.time_ns if first else line.began_ns if line else 0,
        end_ns=first.ended_ns if first else logged_ns,
        proofs=(*_proofs(fetch), *(() if server else _proofs_of_illness(story, balancer))),
        details=_details(fetch, server),
        terms=("load balancer", "round robin", "backend"),
        milestone=f"{balancer} chooses {server}" if balanced and server else "",
    )


def _server(story: Story, fetch: Fetch) -> str:
    """As the log has it, which says <NOSRV> for none; else whom the balancer asked."""
    if fetch.balancer_line:
        name = fetch.balancer_line.values["server"]
        return "" if name.startswith("<") else name
    target = fetch.backend.request.frame.target_address if fetch.backend else None
    owner = story.plan.owner_of(target) if target else None
    return owner.name if owner else ""


def _told(story: Story, fetch: Fetch, balancer: str, server: str) -> str:
    backend = fetch.balancer_line.values["backend"] if fetch.balancer_line else ""
    if not server:
        ends = f"answers {_own_status(fetch)} itself"
        if fetch.balancer_line and fetch.balancer_line.values["bytes"] == "0":
            ends = "closes the connection without an answer"
        return f"{balancer} has no server for the request, and {ends}.{_illness(story, balancer)}"
    told = f"{balancer} passes the request on to {server}"
    if backend:
        why, count = _reason(story, fetch, balancer, backend)
        turn = f"in turn (round robin over {count} servers)" if count > 1 else "its only server"
        told = f"{balancer} takes the backend “{backend}”, {why}, and {server}, {turn}."
        return " ".join(
            filter(None, (told, _tries(fetch.balancer_line), _times(fetch.balancer_line)))
        )
    return f"{told}."


def _illness(story: Story, balancer: str) -> str:
    """Why there is none, where a health check of the time shows it."""
    said = [
        f"{server} answers {exchange.response.status}"
        for server, exchange in find_ill(story, balancer).items()
        if exchange.response
    ]
    return f" Asked how it is, {' and '.join(said)}." if said else ""


def _proofs_of_illness(story: Story, balancer: str) -> Iterator[Proof]:
    for server, exchange in find_ill(story, balancer).items():
        if exchange.response:
            message = exchange.response
            yield proof(message.frame, message.shows, f"{server} is not well")


def _own_status(fetch: Fetch) -> int:
    return fetch.balancer_line.status if fetch.balancer_line else fetch.status


def _tries(line: Logged | None) -> str:
    """What came before the server that the log names, whose wait is in HAProxy's queue timer."""
    retries = line.values["retries"] if line else "0"
    times = int(retries)
    if not times:
        return ""
    whom = "It had asked others" if retries.startswith("+") else "It had asked"
    often = "once" if times == 1 else f"{times} times"
    return f"{whom} {often} before, without an answer: its log counts that wait as in the queue."


def _reason(story: Story, fetch: Fetch, balancer: str, backend: str) -> tuple[str, int]:
    """Why that backend, and how many servers it has: as render/templates/balancer has it."""
    settings = story.plan.nodes[balancer].settings
    web, apps = getattr(settings, "web", ()), getattr(settings, "apps", ())
    if backend == "web":
        return f"since {urlsplit(fetch.url).path} begins with /static/", len(web)
    return ("since the path is not under /static/" if web else "which is the only one"), len(apps)


def _timers(line: Logged | None) -> dict[str, int]:
    values = line.values["timers"].split("/") if line else []
    return dict(zip(_TIMERS, map(int, values), strict=False))


def _times(line: Logged | None) -> str:
    known = [f"{ms} ms {_TIMERS[name]}" for name, ms in _timers(line).items() if ms >= 0]
    return f"Its log counts {', '.join(known)}." if known else ""


def _proofs(fetch: Fetch) -> Iterator[Proof]:
    if fetch.balanced:
        request = fetch.balanced.request
        yield proof(request.frame, request.shows, "the request comes in")
    if fetch.backend:
        request = fetch.backend.request
        to = "ipv6.dst" if request.frame.target_address.version == 6 else "ip.dst"
        shows = f"{request.shows} && {to} == {request.frame.target_address}"
        yield proof(request.frame, shows, "it goes on to the server")
    if fetch.balancer_line:
        yield proof_in_log(fetch.balancer_line, "backend/server, timers, status and bytes")
    for exchange in (fetch.balanced, fetch.asked):
        response = exchange.response if exchange else None
        if response and "x-balancer" in response.headers:
            yield proof(response.frame, response.shows_header("x-balancer"), "who balanced")


def _details(fetch: Fetch, server: str) -> dict[str, Detail]:
    line = fetch.balancer_line
    found: dict[str, Detail] = {"server": server} if server else {}
    if line:
        found = {"backend": line.values["backend"], **found, "status": line.status}
    if fetch.balanced:
        found["protocol_in"] = fetch.balanced.request.version
    if fetch.backend:
        found["protocol_out"] = fetch.backend.request.version
    if fetch.is_update:
        found["waited_for"] = False
    return found | {name: ms for name, ms in _timers(line).items() if ms >= 0}


TELLER = Teller(KIND, _tell, FIELDS, answered=True, round_trips=one_if_waited_for)
