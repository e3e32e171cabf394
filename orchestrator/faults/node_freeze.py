"""A node hangs: its processes get no time, while its kernel goes on.

Packets are still forwarded and connections still accepted, but nobody answers: what keeps time by
itself (BFD, hold timers, health checks) finds out.
"""

from __future__ import annotations

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_nodes import NODE_TARGET, freeze, inspect, require_free, unfreeze
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    require_free(scene, [target])
    return {"nodes": [target]}


def _inject(scene: Scene, memo: Memo) -> None:
    for node in memo["nodes"]:
        freeze(scene, node)


def _seen(scene: Scene, memo: Memo) -> str:
    awake = [node for node in memo["nodes"] if not inspect(scene, node)["Paused"]]
    return f"{', '.join(awake)} goes on" if awake else ""


def _heal(scene: Scene, memo: Memo) -> None:
    for node in memo["nodes"]:
        unfreeze(scene, node)


def _affects(plan: Plan, target: str) -> str:
    return f"all that the daemons of {target} do; its kernel still answers pings and forwards"


FAULT = Fault(
    name="node-freeze",
    about="A node hangs: no process of it gets any time, its kernel goes on",
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    **NODE_TARGET,
)
