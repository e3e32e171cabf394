"""One trial: capture, netlink monitor and probes; the timeline; the lab well again; the files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orchestrator.capture.folder import annotate
from orchestrator.capture.mux import CaptureSummary, Options, start_capture
from orchestrator.capture.taps import every_tap
from orchestrator.errors import LabError
from orchestrator.files import replace_json
from orchestrator.plan.model import Plan
from orchestrator.probes.run import KEYLOG, Probing, probing
from orchestrator.records.study import ProbeRun, Sample, Trial
from orchestrator.runtime.daemons.caches import empty_edges, empty_resolvers
from orchestrator.runtime.daemons.witness import read_logs
from orchestrator.runtime.engine.client import connect
from orchestrator.runtime.engine.containers import find_containers
from orchestrator.runtime.kernel.monitor import Monitor, watch
from orchestrator.runtime.network.offloads import exact_frames
from orchestrator.runtime.network.wiring import namespaces_of
from orchestrator.runtime.shield import shielded
from orchestrator.studies.asking import probe_run
from orchestrator.studies.breaking import Breaking, Timeline
from orchestrator.studies.keeping import write_trial
from orchestrator.studies.scenarios import Study
from orchestrator.studies.timeline import begins_ms

# BFD packets of a session that is up say no more than that it is: most of what crosses an idle
# lab. The state is the first two bits of the second byte (RFC 5880, 4.1), 3 is up; port 4784 is
# multihop (RFC 5883). IPv6 has to be looked into by hand (pcap-filter(7)).
WITHOUT_STEADY_BFD = (
    "not ((udp dst port 3784 or udp dst port 4784) and "
    "((ip and udp[9] & 0xc0 = 0xc0) or (ip6 and ip6[6] = 17 and ip6[49] & 0xc0 = 0xc0)))"
)
_TOLD_EVERY_S = 0.25


@dataclass(frozen=True)
class Progress:
    """What a front end hears: the trial that begins and of how many, each fault that is begun or
    healed, every so often the milliseconds that passed and the questions so far."""

    trial: Callable[[int, int], None] = lambda number, of: None
    fault: Callable[[str], None] = lambda told: None
    asked: Callable[[float, tuple[Sample, ...]], None] = lambda elapsed_ms, samples: None
    stage: Callable[[str], None] = lambda told: None


@dataclass
class _Record:
    """What a trial is made of, as it comes together."""

    number: int
    probes: tuple[ProbeRun, ...]
    started_ns: int = field(default_factory=time.time_ns)
    ended_ns: int = 0
    asked: Probing | None = None
    monitor: Monitor | None = None
    capture: CaptureSummary | None = None
    notes: list[str] = field(default_factory=list)

    def trial(self, timeline: Timeline, partial: bool) -> Trial:
        """All of it as a value."""
        events = self.monitor.events if self.monitor else []
        return Trial(
            number=self.number,
            started_ns=self.started_ns,
            ended_ns=self.ended_ns or time.time_ns(),
            probes=self.probes,
            samples=self.asked.samples() if self.asked else (),
            faults=timeline.events(),
            events=tuple(events),
            partial=partial,
            notes=tuple(self.notes),
        )


def run_trial(
    study: Study, number: int, seed: int, folder: Path, progress: Progress, breaking: Breaking
) -> Trial:
    """Run and keep one trial; the lab is as before when it returns.

    However it ends, faults are healed, and what there is of it is in ``folder``, marked as
    partial. Raises FaultError where a fault cannot be done, or the lab does not get well.
    """
    scenario, plan = study.scenario, study.plan
    folder.mkdir()
    probes = tuple(probe_run(name, spec, plan) for name, spec in scenario.probes.items())
    record = _Record(number, probes)
    faults = [
        (fault, begins_ms(fault, seed, number, index)) for index, fault in enumerate(study.faults)
    ]
    timeline = Timeline(breaking, faults, progress.fault, lambda: _follow(plan, record))
    partial = True
    try:
        _forget_all(plan)
        with _recorded(plan, record, folder):
            _play(study, record, timeline, folder, progress)
        timeline.check_all_done()
        progress.stage("until the lab is as before")
        breaking.settle()
        timeline.well()
        partial = False
    except LabError as error:
        record.notes.append(error.message)
        raise
    finally:
        with shielded():
            timeline.end()
            _keep(plan, record, timeline, partial, folder)
    return record.trial(timeline, partial)


def _forget_all(plan: Plan) -> None:
    """Every trial begins with the same caches: those of resolvers and edges are empty."""
    client = connect()
    containers = find_containers(client, plan.name)
    empty_resolvers(client, plan, containers)
    empty_edges(client, plan, containers)


@contextmanager
def _recorded(plan: Plan, record: _Record, folder: Path) -> Iterator[None]:
    """Every interface is captured and every kernel listened to while the block runs."""
    namespaces = _namespaces(plan)
    taps = every_tap(plan, namespaces)
    options = Options(filter=WITHOUT_STEADY_BFD)
    with ExitStack() as stack:
        with shielded():  # a ^C in between would leave what was begun to nobody
            stack.enter_context(exact_frames({tap.netns: tap.interfaces for tap in taps}))
            record.monitor = stack.enter_context(watch(namespaces))
            capture = stack.enter_context(start_capture(taps, folder, options))
        try:
            yield
        finally:
            with shielded(), suppress(LabError):  # which is told in the notes
                record.capture = capture.stop()


def _namespaces(plan: Plan) -> dict[str, str]:
    return namespaces_of(plan)


def _follow(plan: Plan, record: _Record) -> None:
    """Listen to nodes that have restarted. Those whose namespace is known are left as they are."""
    monitor = record.monitor
    if monitor is not None:
        for node, path in _namespaces(plan).items():
            with suppress(OSError):  # it has gone again
                monitor.add(node, path)


def _play(
    study: Study, record: _Record, timeline: Timeline, folder: Path, progress: Progress
) -> None:
    """Ask and break until the time is over, and heal what is still in force then."""
    try:
        with ExitStack() as stack:
            with shielded():  # as above
                timeline.prepare()
                timeline.check()
                asked = stack.enter_context(
                    probing(study.plan.name, record.probes, folder / "visits")
                )
                record.asked, record.started_ns = asked, time.time_ns()
                timeline.start()
            while (left_s := (study.scenario.duration - timeline.elapsed_ms) / 1e3) > 0:
                timeline.wait(min(left_s, _TOLD_EVERY_S))
                timeline.check()
                progress.asked(timeline.elapsed_ms, asked.samples())
            record.ended_ns = time.time_ns()
    finally:
        with shielded():
            timeline.end()


def _keep(plan: Plan, record: _Record, timeline: Timeline, partial: bool, folder: Path) -> None:
    """Write what there is of a trial."""
    counts: Mapping[str, object] = asdict(record.capture) if record.capture else {}
    if record.capture is None:
        record.notes.append("the capture failed, and may not be whole")
    replace_json(folder / "capture.json", {**counts, "filter": WITHOUT_STEADY_BFD})
    with suppress(LabError):
        _keep_logs(plan, record, folder)
    keys = folder / "visits" / KEYLOG
    with suppress(OSError):  # a disk that is full keeps what it has
        annotate(folder, plan, keys.read_bytes() if keys.exists() else b"")
    write_trial(folder, record.trial(timeline, partial))


def _keep_logs(plan: Plan, record: _Record, folder: Path) -> None:
    client = connect()
    containers = find_containers(client, plan.name)
    (folder / "logs").mkdir()
    logs = read_logs(containers, record.started_ns / 1e9, time.time())
    for node, text in logs.items():
        (folder / "logs" / f"{node}.log").write_text(text, encoding="utf-8")
