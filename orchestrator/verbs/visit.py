"""One visit, from the click to the run folder: capture → empty caches → click → evidence.

    captures/<run>/visit.json       the record (records.visit.Visit)
                   plan.json        the lab it was made in
                   <node>.pcapng    what each node's interfaces saw, TLS secrets and names embedded
                   capture.json     packets and drops per node
                   facts.json       FIBs of routers, NAT of gateways, right after the click
                   logs/<node>.log  what daemons wrote, each line after its time in ns
                   keys.log         TLS secrets, NSS key log format
                   visit.har        HAR 1.2; with curl only the last request
                   screenshot.png, netlog.json, timeline.json   (not with curl)
                   filmstrip.json   what the screen showed, and when: filmstrip/<ms>.jpg

The folder appears under its name when it is whole; until then its name starts with a dot, and the
command that makes it holds a lock of it (runtime/disk/unfinished.py).
`captures/latest` is a link to the newest run.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import docker

from orchestrator.analysis.journey import Journey
from orchestrator.browser.address import check_timeout, complete_address
from orchestrator.browser.browse import Client, Evidence, browse, fetch
from orchestrator.browser.click import Click
from orchestrator.browser.film import Picture
from orchestrator.capture.mux import CaptureSummary, start_capture
from orchestrator.capture.taps import every_tap
from orchestrator.errors import LabError, UsageError
from orchestrator.files import replace_json
from orchestrator.plan.addresses import Family
from orchestrator.plan.codec import to_plain
from orchestrator.plan.legend import names_for_nodes
from orchestrator.plan.lookups import node_of
from orchestrator.plan.model import Node, Plan
from orchestrator.records.embedding import embed_names, embed_secrets
from orchestrator.records.visit import Cold, Visit, to_json
from orchestrator.refusals import writing
from orchestrator.roles import ROLES
from orchestrator.runs.read import FORMAT
from orchestrator.runtime.daemons.caches import (
    empty_edges,
    empty_resolvers,
    renew_lease,
)
from orchestrator.runtime.daemons.witness import read_forwarding, read_logs, read_translations
from orchestrator.runtime.disk.ownership import give_to_user
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.disk.turns import turn
from orchestrator.runtime.disk.unfinished import folder_in_making, point_latest
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import Container, find_containers
from orchestrator.runtime.network.families import only_family
from orchestrator.runtime.network.offloads import exact_frames
from orchestrator.runtime.network.wiring import namespaces_of
from orchestrator.spec.probing import ClientKind
from orchestrator.verbs.report import tell_and_write


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
    lab: str, request: Request, captures: Path, wait: Callable[[str], None] = _unheard
) -> Run:
    """Visit a URL in a running lab and leave a run folder below ``captures``.

    Two visits of one host go one after the other; ``wait`` is told when that is so. A visit that
    fails is a result too (``visit.error``). Raises UsageError for a host, a URL or a time limit
    that cannot be, DeployError or HostError where the lab or this machine fails.
    """
    request = replace(request, url=complete_address(request.url))
    check_timeout(request.timeout_s)
    require_root()
    with writing(captures, "--captures"):
        client, state = connect(), LabState(lab)
        plan = state.plan()
        host = host_to_click(plan, request.source)
        with turn(state, host.name, wait):
            return _visit(client, plan, host, request, captures)


def _visit(
    client: docker.DockerClient, plan: Plan, host: Node, request: Request, captures: Path
) -> Run:
    containers = find_containers(client, plan.name)
    _require_awake(containers.get(host.name), host.name)
    click = Click(_run_name(request.url), host.name, request.cold)
    browser = Client(client, containers[host.name].id)
    with folder_in_making(captures, click.run) as folder:
        if request.cold:
            empty_resolvers(client, plan, containers)
        if request.cold == "all":
            empty_edges(client, plan, containers)
        taps = every_tap(plan, namespaces_of(plan))
        since_s = time.time()
        frames = exact_frames({tap.netns: tap.interfaces for tap in taps})
        with frames, start_capture(taps, folder) as capture:
            if request.cold:
                renew_lease(client, plan, containers, host)
            with only_family(containers[host.name].namespace, request.family):
                evidence = _click(browser, click, request, plan)
            capture.stop()
            _write_testimony(folder, client, plan, containers, since_s)
        _write_evidence(folder, plan, evidence, capture.stop())
    kept = captures / click.run
    journey = _told(kept) if request.journey else None
    point_latest(captures, click.run)
    give_to_user((kept, *kept.rglob("*")))
    return Run(evidence.visit, kept, capture.stop(), journey)


def _told(folder: Path) -> Journey:
    """The journey of a run that is whole already, and is kept whatever happens here."""
    try:
        return tell_and_write(folder)
    except LabError as error:
        message = f"{folder} is kept, but its journey cannot be told: {error.message}"
        raise error.retold(message) from error


def _write_testimony(
    folder: Path,
    client: docker.DockerClient,
    plan: Plan,
    containers: Mapping[str, Container],
    since_s: float,
) -> None:
    """What the nodes can say themselves: `facts.json`, and `logs/<node>.log`."""
    facts = {
        "format": FORMAT,
        "translations": read_translations(plan, containers),
        "forwarding": read_forwarding(plan, containers),
    }
    replace_json(folder / "facts.json", to_plain(facts))
    (folder / "logs").mkdir()
    for node, text in read_logs(client, containers, since_s, time.time()).items():
        (folder / "logs" / f"{node}.log").write_text(text, encoding="utf-8")


def _click(browser: Client, click: Click, request: Request, plan: Plan) -> Evidence:
    timeout_s, http = request.timeout_s, request.http
    if request.client == "curl":
        family = request.family
        return fetch(browser, click, request.url, timeout_s=timeout_s, http=http, family=family)
    zones, film = list(plan.zones), request.film
    return browse(
        browser, click, request.url, zones=zones, timeout_s=timeout_s, http=http, filmed=film
    )


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


def _write_evidence(folder: Path, plan: Plan, evidence: Evidence, capture: CaptureSummary) -> None:
    names = names_for_nodes(plan)
    for path in folder.glob("*.pcapng"):
        path.write_bytes(embed_names(embed_secrets(path.read_bytes(), evidence.keylog), names))
    replace_json(folder / "visit.json", to_json(evidence.visit))
    replace_json(folder / "plan.json", to_plain(plan))
    replace_json(folder / "capture.json", asdict(capture))
    (folder / "keys.log").write_bytes(evidence.keylog)
    if evidence.har is not None:
        replace_json(folder / "visit.har", evidence.har)
    if evidence.timeline is not None:
        replace_json(folder / "timeline.json", evidence.timeline)
    if evidence.screenshot:
        (folder / "screenshot.png").write_bytes(evidence.screenshot)
    if evidence.filmstrip:
        _write_filmstrip(folder, evidence.filmstrip)
    if evidence.netlog:
        (folder / "netlog.json").write_bytes(evidence.netlog)


def _write_filmstrip(folder: Path, pictures: Sequence[Picture]) -> None:
    """filmstrip.json, [{ms, file, complete}], and the pictures it names."""
    (folder / "filmstrip").mkdir()
    listed = []
    for picture in pictures:
        file = f"filmstrip/{picture.at_ms:05}.jpg"
        (folder / file).write_bytes(picture.jpeg)
        listed.append({"ms": picture.at_ms, "file": file, "complete": picture.complete})
    replace_json(folder / "filmstrip.json", listed)
