"""Probes of a running lab: started together, asked at their rates, ended together.

with probing("internet", probes, folder) as asked:
    …                        # break something
asked.samples()              # all of them: who was still waited for has had its timeout
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orchestrator.browser.address import split_address
from orchestrator.browser.client import Client
from orchestrator.errors import DeployError, UsageError
from orchestrator.plan.lookups import node_of
from orchestrator.plan.model import Plan
from orchestrator.probes.job import Job, Station
from orchestrator.probes.process import agent_asking
from orchestrator.probes.visit import Visitor, visit_paced
from orchestrator.records.study import ProbeRun, Sample
from orchestrator.roles import ROLES
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import Container, find_containers
from orchestrator.spec.probing import KINDS

KEYLOG = "keys.log"
# Beyond the timeouts of the questions: for the browser to end, and for the last samples to come.
_GRACE_S = 10.0


class Probing:
    """Samples as they come in, from all probes."""

    def __init__(self) -> None:
        self._samples: list[Sample] = []
        self._lock = threading.Lock()

    def tell(self, sample: Sample) -> None:
        """Keep a sample; from any thread."""
        with self._lock:
            self._samples.append(sample)

    def samples(self) -> tuple[Sample, ...]:
        """All so far, in the order in which they were sent."""
        with self._lock:
            return tuple(sorted(self._samples, key=lambda sample: sample.sent_ns))


@contextmanager
def probing(lab: str, probes: Sequence[ProbeRun], folder: Path) -> Iterator[Probing]:
    """Ask for as long as the block runs; the first questions are on their way when it begins.

    TLS secrets go to ``folder``/keys.log. When the block ends nothing more is asked; what is
    pending gets its timeout. When it ends by an exception, nothing is waited for. Raises UsageError
    for a probe from or to what cannot be, DeployError where its host does not run.
    """
    require_root()
    client, state = connect(), LabState(lab)
    plan, containers = state.plan(), find_containers(client, lab)
    check_probes(plan, probes)
    folder.mkdir(parents=True, exist_ok=True)
    keylog = folder.absolute() / KEYLOG  # who asks is at home elsewhere
    job = _job(state, plan, containers, probes, keylog)
    visitors = [
        Visitor(run, Client(client, _running(containers, run).id), tuple(plan.zones), keylog)
        for run in probes
        if KINDS[run.kind].by_browser
    ]
    bound_s = max((run.timeout_ms for run in probes), default=0.0) / 1e3 + _GRACE_S
    asked, stop = Probing(), threading.Event()
    with agent_asking(job, asked.tell, bound_s):
        visits = _start(visitors, asked, stop)
        try:
            yield asked
        finally:
            stop.set()
    for thread in visits:
        thread.join(bound_s)


def check_probes(plan: Plan, probes: Sequence[ProbeRun]) -> None:
    """Raises UsageError for the first probe that cannot be asked in this lab."""
    for run in probes:
        host = node_of(plan, run.source)
        kind = KINDS[run.kind]
        if kind.about == "url":
            split_address(run.target)
        if kind.by_browser and not ROLES[host.role].browser:
            raise UsageError(f"{run.name}: {run.source} is a {host.role}, and has no browser")
        if kind.by_browser and "family" in run.options and run.options.get("client") != "curl":
            hint = "leave the family out, or visit with curl"
            raise UsageError(f"{run.name}: a browser chooses the family itself", hint)


def _job(
    state: LabState,
    plan: Plan,
    containers: dict[str, Container],
    probes: Sequence[ProbeRun],
    keylog: Path,
) -> Job:
    asked = tuple(run for run in probes if not KINDS[run.kind].by_browser)
    named = {name for run in asked for name in (run.target, run.options.get("server", ""))}
    known = {
        name: tuple(str(address) for address in plan.nodes[name].addresses)
        for name in sorted(named & plan.nodes.keys())
    }
    hosts = {run.source: _running(containers, run) for run in asked}
    stations = tuple(_station(state, container) for container in hosts.values())
    return Job(asked, stations, str(keylog), known)


def _running(containers: dict[str, Container], run: ProbeRun) -> Container:
    container = containers.get(run.source)
    if container is None or not container.running:
        raise DeployError(f"{run.name}: {run.source} does not run", "see: lab status")
    return container


def _station(state: LabState, container: Container) -> Station:
    ca = state.node_folder(container.node) / "tls" / "ca.pem"
    resolv = state.resolv_conf(container.node)
    resolvers = read_resolvers(resolv.read_text()) if resolv.exists() else ()
    return Station(container.node, container.id, container.pid, resolvers, str(ca))


def read_resolvers(text: str) -> tuple[str, ...]:
    """The addresses that a resolv.conf(5) names."""
    rows = (line.split() for line in text.splitlines())
    return tuple(row[1] for row in rows if row[:1] == ["nameserver"] and len(row) > 1)


def _start(
    visitors: Sequence[Visitor], asked: Probing, stop: threading.Event
) -> list[threading.Thread]:
    """A thread for each probe that visits."""
    begun_ns = time.time_ns()
    threads = [
        threading.Thread(
            target=visit_paced, args=(visitor, begun_ns, stop, asked.tell), daemon=True
        )
        for visitor in visitors
    ]
    for thread in threads:
        thread.start()
    return threads
