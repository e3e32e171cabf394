"""One visit: a client starts, and what it does is gathered into a run folder.

Much of what a visit takes is two things that start: a browser, and Python with its libraries. So
this module needs few, and what gathers (gathering.py) is imported while the browser starts.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.browser.address import check_timeout, complete_address
from orchestrator.browser.browse import Browser
from orchestrator.browser.click import Click
from orchestrator.browser.client import Client
from orchestrator.browser.fetch import Fetch
from orchestrator.errors import UsageError
from orchestrator.plan.addresses import Family
from orchestrator.plan.lookups import node_of
from orchestrator.plan.model import Node, Plan
from orchestrator.records.visit import Cold, Visit
from orchestrator.refusals import writing
from orchestrator.roles import ROLES
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.disk.turns import turn
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import Container, find_container, find_containers
from orchestrator.spec.probing import ClientKind

if TYPE_CHECKING:
    from orchestrator.analysis.journey import Journey
    from orchestrator.capture.mux import CaptureSummary


@dataclass(frozen=True)
class Request:
    """What to visit and how. A ``url`` without a scheme is https.

    ``source`` is the host that clicks; "" is the lab's first.

    ``cold`` empties what the visitor and the resolvers remember, "all" the CDN's edges too.
    ``family`` is 4 or 6 where the host is to have only that one beyond its LAN; ``film`` is
    whether the screen is filmed, ``journey`` whether the run is told at once.
    """

    url: str
    source: str = ""
    client: ClientKind = "chromium"
    http: str = "2"
    cold: Cold = False
    timeout_s: float = 30.0
    family: Family | None = None
    film: bool = True
    journey: bool = True


@dataclass(frozen=True)
class Run:
    """A finished visit: its record, its folder, the capture's counts, and what is told."""

    visit: Visit
    folder: Path
    capture: CaptureSummary
    journey: Journey | None


def _unheard(message: str) -> None:
    pass


def visit(
    lab: str,
    request: Request,
    captures: Path,
    meanwhile: Callable[[], object] = lambda: None,
    wait: Callable[[str], None] = _unheard,
) -> Run:
    """Visit a URL in a running lab and leave a run folder below ``captures``.

    ``meanwhile`` is done while there is nothing to do but wait, before the click. Two visits of one
    host go one after the other; ``wait`` is told when that is so. A visit that fails is a result
    too (``visit.error``). Raises UsageError for a host, a URL or a time limit that cannot be,
    DeployError or HostError where the lab or this machine fails.
    """
    request = replace(request, url=complete_address(request.url))
    check_timeout(request.timeout_s)
    require_root()
    with writing(captures, "--captures"):
        state = LabState(lab)
        plan = state.plan()
        host = host_to_click(plan, request.source)
        with turn(state, host.name, wait):
            return _visit(plan, host, request, captures, meanwhile)


def _visit(
    plan: Plan, host: Node, request: Request, captures: Path, meanwhile: Callable[[], object]
) -> Run:
    engine = connect()
    click = Click(_run_name(request.url), host.name, request.cold)
    client = _client(Client(engine, system_name(plan.name, host.name)), request, plan)
    with closing(client), ThreadPoolExecutor(2) as aside:
        start: Callable[[], None] = client.start
        if may_start_early(request):
            start = aside.submit(client.start).result
        finding = aside.submit(find_containers, engine, plan.name)
        _require_awake(find_container(engine, plan.name, host.name), host.name)
        from orchestrator.verbs.gathering import Scene, gather

        scene = Scene(engine, plan, host, finding)
        return gather(scene, request, click, client, start, meanwhile, captures)


def _client(place: Client, request: Request, plan: Plan) -> Browser | Fetch:
    url, timeout_s, http = request.url, request.timeout_s, request.http
    if request.client == "curl":
        return Fetch(place, url, timeout_s=timeout_s, http=http, family=request.family)
    zones, filmed = list(plan.zones), request.film
    return Browser(place, url, zones=zones, timeout_s=timeout_s, http=http, filmed=filmed)


def may_start_early(request: Request) -> bool:
    """Not where the host's addresses change first: Chromium hears of it, and gives up what it has
    begun to load within the next seconds (ERR_NETWORK_CHANGED)."""
    return not request.cold and request.family is None


def host_to_click(plan: Plan, name: str = "") -> Node:
    """The host of this name, or the lab's first. Raises UsageError where none has a browser."""
    hosts = [node for node in plan.nodes.values() if ROLES[node.role].browser]
    if not name:
        if not hosts:
            raise UsageError(f"'{plan.name}' has no host to click from", "add a home")
        return hosts[0]
    node = node_of(plan, name)
    if node not in hosts:
        hint = f"hosts: {', '.join(host.name for host in hosts)}"
        raise UsageError(f"'{name}' is a {node.role}, and has no browser", hint)
    return node


def _require_awake(container: Container | None, host: str) -> None:
    if container is None or not container.running:
        raise UsageError(f"{host} is off: nobody can click there", "what is in force: lab fault")
    if container.paused:
        raise UsageError(f"{host} is frozen: nobody can click there", "what is in force: lab fault")


def _run_name(url: str) -> str:
    """When and what, in an order that sorts, and unlike any other run."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = re.sub(r"[^a-z0-9.]+", "-", url.partition("://")[2].lower()).strip("-.")[:40]
    return f"{now}-{target or 'visit'}-{secrets.token_hex(2)}"
