"""Of all that a lab that drifted differs in: whose doing it is likely to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from orchestrator.drift.look import Finding
from orchestrator.faults.on_nodes import processes_of
from orchestrator.faults.on_servers import daemons_of
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan

# By check (orchestrator/drift).
Findings = Mapping[str, Sequence[Finding]]
# What is found of a node that another's failure brings about; routes before all else.
_MAY_FOLLOW = ("services", "routes")


def likeliest(scene: Scene, findings: Findings, but: Collection[str]) -> dict[str, str]:
    """Of the nodes that something was found of, the likeliest causes, with what was found first:
    whose addresses or files differ, or who lacks a daemon; else who serves nothing; else who has
    other routes. Those in ``but`` are none."""
    plan = scene.plan
    groups = {
        "own": {check: found for check, found in findings.items() if check not in _MAY_FOLLOW},
        **{check: {check: findings[check]} for check in _MAY_FOLLOW if check in findings},
    }
    first = {name: _nodes_in(group, plan, but) for name, group in groups.items()}
    everybody = _nodes_in(findings, plan, but)
    first["own"] |= {node: told for node, told in everybody.items() if _is_dead(scene, node)}
    return next(filter(None, first.values()), {})


def _nodes_in(findings: Findings, plan: Plan, but: Collection[str]) -> dict[str, str]:
    first = dict[str, str]()
    for subject, sentence in (finding for found in findings.values() for finding in found):
        if subject in plan.nodes and subject not in but:
            first.setdefault(subject, sentence)
    return first


def _is_dead(scene: Scene, node: str) -> bool:
    """Whether a daemon of a node is not among its processes."""
    running = processes_of(scene.running(node)).values()
    return not set(daemons_of(scene.plan.nodes[node])) <= set(running)
