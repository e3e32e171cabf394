"""A trial: what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from orchestrator.analysis.failover.bird_logs import read_bird_logs
from orchestrator.analysis.failover.chain import tell_fault
from orchestrator.analysis.failover.choice import choose_questions
from orchestrator.analysis.failover.control import owners_of, read_control
from orchestrator.analysis.failover.findings import ProbeFinding, TrialFinding
from orchestrator.analysis.failover.paths import Way, find_ways
from orchestrator.analysis.failover.probes import judge_probe
from orchestrator.analysis.failover.rerouting import Scene
from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Plan
from orchestrator.records.study import Trial
from orchestrator.records.testimony import LogLine
from orchestrator.spec.probing import Phase


def analyse_trial(
    trial: Trial,
    plan: Plan,
    frames: Mapping[str, tuple[Frame, ...]],
    logs: Mapping[str, tuple[LogLine, ...]] | None = None,
) -> TrialFinding:
    """What came of a trial. Of its frames only those that runs/read_study.py picks are needed."""
    ways = find_ways(choose_questions(trial), frames, plan)
    probes = {
        probe.name: judge_probe(trial, probe, _paths(probe.name, ways)) for probe in trial.probes
    }
    scene = _set_scene(trial, plan, frames, logs or {}, ways, probes)
    return TrialFinding(
        number=trial.number,
        probes=probes,
        faults=tuple(tell_fault(scene, event) for event in trial.faults),
        partial=trial.partial,
        notes=trial.notes,
    )


def _paths(probe: str, ways: Mapping[tuple[str, Phase], Way]) -> dict[Phase, tuple[str, ...]]:
    return {phase: way.nodes for (name, phase), way in ways.items() if name == probe}


def _set_scene(
    trial: Trial,
    plan: Plan,
    frames: Mapping[str, Sequence[Frame]],
    logs: Mapping[str, Sequence[LogLine]],
    ways: Mapping[tuple[str, Phase], Way],
    probes: Mapping[str, ProbeFinding],
) -> Scene:
    """Of the probes that were cut off, if any were: their routes matter."""
    hit = {name for name, probe in probes.items() if probe.outages} or set(probes)
    asked = {(ip_address(s.target), s.probe) for s in trial.samples if s.probe in hit and s.target}
    asked |= {(way.asker, name) for (name, _), way in ways.items() if name in hit}
    addresses: dict[Address, frozenset[str]] = {}
    for address, name in asked:
        addresses[address] = addresses.get(address, frozenset()) | {name}
    return Scene(
        trial=trial,
        plan=plan,
        told=read_control(frames, plan),
        noted=tuple(read_bird_logs(logs, plan, owners_of(plan))),
        addresses=addresses,
        nodes=frozenset(
            node for (name, _), way in ways.items() if name in hit for node in way.nodes
        ),
        outages={name: probe.outages for name, probe in probes.items()},
    )
