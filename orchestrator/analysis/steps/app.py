"""The server behind the balancer: the application, or the web server for a file."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import how_many
from orchestrator.analysis.step import Detail, Proof, Step, proof_in_log
from orchestrator.analysis.steps.response import named
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.http import FIELDS, HttpExchange

KIND = "app"


def _tell(story: Story) -> Iterator[Step]:
    for fetch in find_fetches(story).documents:
        if fetch.served:
            yield _step(story, fetch, fetch.served)


def _step(story: Story, fetch: Fetch, served: HttpExchange) -> Step:
    request, response = served.request, served.response
    return Step(
        kind=KIND,
        title=f"{request.node} answers {request.method} {request.path}",
        told=_told(story, fetch, served),
        nodes=(request.node,),
        start_ns=request.time_ns,
        end_ns=response.first.time_ns if response else request.time_ns,
        proofs=tuple(_proofs(fetch, served)),
        details=_details(fetch, served),
        terms=("application server", "X-Request-Id"),
        milestone=f"{request.method} {request.path} comes to {request.node}",
    )


def _told(story: Story, fetch: Fetch, served: HttpExchange) -> str:
    request, response = served.request, served.response
    is_app = story.plan.nodes[request.node].role == "app"
    kind = "The application on" if is_app else "The web server"
    told = f"{kind} {request.node} gets {request.method} {request.path}"
    if response is None:
        return f"{told}, and no answer was seen."
    took_ms = (response.first.time_ns - request.time_ns) / 1e6
    told = f"{told} and begins to answer {took_ms:.1f} ms later: {named(response.status)}"
    if response.body_bytes is not None:
        told += f" with {how_many(response.body_bytes, 'byte')}"
    worked_ms = _ms(fetch)
    return f"{told}. Its log says that it worked for {worked_ms} ms." if worked_ms else f"{told}."


def _ms(fetch: Fetch) -> str:
    return fetch.server_line.values.get("ms", "") if fetch.server_line else ""


def _proofs(fetch: Fetch, served: HttpExchange) -> Iterator[Proof]:
    request, response = served.request, served.response
    yield proof(request.frame, request.shows, "the request comes in")
    if response:
        yield proof(response.frame, response.shows, f"it answers {response.status}")
    if response and "x-served-by" in response.headers:
        yield proof(response.frame, response.shows_header("x-served-by"), "who answers")
    if "x-request-id" in request.headers:
        yield proof(request.frame, request.shows_header("x-request-id"), "the same request")
    if fetch.server_line:
        yield proof_in_log(fetch.server_line, f"{request.node}'s log")


def _details(fetch: Fetch, served: HttpExchange) -> dict[str, Detail]:
    response = served.response
    found: dict[str, Detail] = {"request_id": served.request_id}
    if response:
        found["status"] = response.status
        found["served_by"] = response.headers.get("x-served-by", "")
        found["cache_control"] = response.headers.get("cache-control", "")
    if fetch.is_update:
        found["waited_for"] = False
    if worked := _ms(fetch):
        found["worked_ms"] = float(worked)
    return {name: value for name, value in found.items() if value != ""}


TELLER = Teller(KIND, _tell, FIELDS)
