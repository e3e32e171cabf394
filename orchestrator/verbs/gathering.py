"""What a visit leaves, gathered around the click: empty caches → capture → click → evidence.

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

The folder appears under its name when it is whole; until then its name starts with a dot.
`captures/latest` is a link to the newest run.

What tells a run is imported while the kernel opens its packet rings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import docker

from orchestrator.browser.browse import Browser
from orchestrator.browser.click import Click
from orchestrator.browser.client import Evidence
from orchestrator.browser.fetch import Fetch
from orchestrator.browser.film import Picture
from orchestrator.capture.mux import Capture, CaptureSummary, start_capture
from orchestrator.capture.taps import every_tap
from orchestrator.errors import DeployError, LabError
from orchestrator.files import replace_json
from orchestrator.plan.codec import to_plain
from orchestrator.plan.legend import names_for_nodes
from orchestrator.plan.model import Node, Plan
from orchestrator.records.embedding import embedding
from orchestrator.records.testimony import ForwardingEntry
from orchestrator.records.visit import to_json
from orchestrator.runtime.daemons.caches import (
    empty_edges,
    empty_resolvers,
    renew_lease,
)
from orchestrator.runtime.daemons.witness import read_forwarding, read_logs, read_translations
from orchestrator.runtime.disk.ownership import give_to_user
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.disk.unfinished import folder_in_making, point_latest
from orchestrator.runtime.engine.containers import Container, find_container
from orchestrator.runtime.network.families import only_family
from orchestrator.runtime.network.offloads import exact_frames
from orchestrator.runtime.network.wiring import namespaces_of
from orchestrator.verbs.changes import tell_changes
from orchestrator.verbs.visit import Request, Run

if TYPE_CHECKING:
    from orchestrator.analysis.journey import Journey


@dataclass(frozen=True)
class Scene:
    """A running lab, and the host that clicks."""

    engine: docker.DockerClient
    plan: Plan
    host: Node
    finding: Future[dict[str, Container]]

    @property
    def containers(self) -> Mapping[str, Container]:
        """The lab's nodes; who asks before they are found waits."""
        return self.finding.result()


def gather(
    scene: Scene,
    request: Request,
    click: Click,
    client: Browser | Fetch,
    start: Callable[[], None],
    meanwhile: Callable[[], object],
    captures: Path,
) -> Run:
    """Have ``client`` visit, once ``start`` has returned, and leave the run below ``captures``.

    ``meanwhile`` is done while the kernel opens what captures. Raises DeployError where the visit
    cannot be told, as its host went off.
    """
    with folder_in_making(captures, click.run) as folder:
        try:
            evidence, capture = _visited(scene, request, click, client, start, meanwhile, folder)
        except DeployError:
            _refuse_if_off(scene)
            raise
    kept = captures / click.run
    journey = _told(kept) if request.journey else None
    point_latest(captures, click.run)
    give_to_user((kept, *kept.rglob("*")))
    return Run(evidence.visit, kept, capture, journey)


def _visited(
    scene: Scene,
    request: Request,
    click: Click,
    client: Browser | Fetch,
    start: Callable[[], None],
    meanwhile: Callable[[], object],
    folder: Path,
) -> tuple[Evidence, CaptureSummary]:
    """The visit, and all that is known of it in its folder."""
    plan, namespaces = scene.plan, namespaces_of(scene.plan)
    if request.cold:
        empty_resolvers(scene.engine, plan, scene.containers)
    if request.cold == "all":
        empty_edges(scene.engine, plan, scene.containers)
    state, since_s = LabState(plan.name), time.time()
    changes = tell_changes(state)
    with ExitStack() as frames, ExitStack() as captured, ThreadPoolExecutor(2) as aside:
        capturing = aside.submit(_capture, scene, folder, frames, captured)
        meanwhile()
        if request.journey:
            _prepare_telling()
        capture = capturing.result()
        if request.cold:
            renew_lease(scene.engine, plan, scene.containers, scene.host)
        with only_family(namespaces[scene.host.name], request.family):
            start()
            client.load()
            ending = aside.submit(client.end)
            forwarding = read_forwarding(plan, scene.containers)
            ending.result()
        reading = aside.submit(read_logs, scene.containers, since_s, time.time())
        evidence = client.finish(click)
        summary = capture.stop()
        aside.submit(frames.close)
        changed = tuple(dict.fromkeys((*changes, *tell_changes(state))))
        _write_testimony(folder, scene, forwarding, changed, reading.result())
        _write_evidence(folder, plan, evidence, summary)
    return evidence, summary


def _refuse_if_off(scene: Scene) -> None:
    """Raises DeployError if the host is off, or was meanwhile: what it could tell is gone."""
    name, lab = scene.host.name, scene.plan.name
    now, before = find_container(scene.engine, lab, name), scene.containers.get(name)
    if now is None or before is None or (now.pid, now.running) != (before.pid, True):
        message = f"{name} went off while it was clicking, and took what it knew along"
        raise DeployError(message, f"is it on again? lab status {lab}")


def _capture(scene: Scene, folder: Path, frames: ExitStack, captured: ExitStack) -> Capture:
    """A capture of every interface, once all frames are as on a wire; what ends both."""
    taps = every_tap(scene.plan, namespaces_of(scene.plan))
    frames.enter_context(exact_frames({tap.netns: tap.interfaces for tap in taps}))
    return captured.enter_context(start_capture(taps, folder))


def _prepare_telling() -> None:
    """What the telling would wait for otherwise, where there is nothing to wait for."""
    from orchestrator.verbs.report import prepare

    prepare()


def _told(folder: Path) -> Journey:
    """The journey of a run that is whole already, and is kept whatever happens here."""
    from orchestrator.verbs.report import tell_and_write

    try:
        return tell_and_write(folder)
    except LabError as error:
        message = f"{folder} is kept, but its journey cannot be told: {error.message}"
        raise error.retold(message) from error


def _write_testimony(
    folder: Path,
    scene: Scene,
    forwarding: Mapping[str, list[ForwardingEntry]],
    in_force: tuple[str, ...],
    logs: Mapping[str, str],
) -> None:
    """What the nodes can say themselves: `facts.json`, and `logs/<node>.log`."""
    from orchestrator.runs.read import FORMAT

    facts = {
        "format": FORMAT,
        "translations": read_translations(scene.plan, scene.containers),
        "forwarding": forwarding,
        "in_force": in_force,
    }
    replace_json(folder / "facts.json", to_plain(facts))
    (folder / "logs").mkdir()
    for node, text in logs.items():
        (folder / "logs" / f"{node}.log").write_text(text, encoding="utf-8")


def _write_evidence(folder: Path, plan: Plan, evidence: Evidence, capture: CaptureSummary) -> None:
    embed = embedding(evidence.keylog, names_for_nodes(plan))
    for path in folder.glob("*.pcapng"):
        path.write_bytes(embed(path.read_bytes()))
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
