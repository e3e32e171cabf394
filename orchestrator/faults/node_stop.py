"""A node is shut down: its daemons end as they should, and its links go."""

from __future__ import annotations

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_nodes import NODE_TARGET, inspect, power_on, require_free, shut_down
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    require_free(scene, [target])
    return {"nodes": [target]}


def _inject(scene: Scene, memo: Memo) -> None:
    for node in memo["nodes"]:
        shut_down(scene, node)


def _seen(scene: Scene, memo: Memo) -> str:
    running = [node for node in memo["nodes"] if inspect(scene, node)["Running"]]
    return f"{', '.join(running)} still runs" if running else ""


def _heal(scene: Scene, memo: Memo) -> None:
    for node in memo["nodes"]:
        power_on(scene, node)


def _affects(plan: Plan, target: str) -> str:
    links = len(plan.nodes[target].interfaces)
    return f"all that {target} does, and its {links} links; a router says goodbye to its neighbours"


FAULT = Fault(
    name="node-stop",
    about="A node is shut down, and stays off",
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    node_off=True,
    **NODE_TARGET,
)
