"""A node is restarted in good order; it passes by itself."""

from __future__ import annotations

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_nodes import (
    NODE_TARGET,
    inspect,
    power_on,
    require_free,
    shut_down,
    wired_again,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan


def prepare(scene: Scene, target: str, options: Options) -> Memo:
    """The node, and when it last started."""
    require_free(scene, [target])
    return {"nodes": [target], "started": inspect(scene, target)["StartedAt"]}


def _inject(scene: Scene, memo: Memo) -> None:
    for node in memo["nodes"]:
        shut_down(scene, node)
        power_on(scene, node)


def seen(scene: Scene, memo: Memo) -> str:
    """It started since, and has its links again."""
    for node in memo["nodes"]:
        if inspect(scene, node)["StartedAt"] == memo["started"]:
            return f"{node} has not started anew"
        if reason := wired_again(scene, scene.plan.nodes[node]):
            return reason
    return ""


def undo(scene: Scene, memo: Memo) -> None:
    """What an interrupted restart leaves off is started."""
    for node in memo["nodes"]:
        power_on(scene, node)


def _affects(plan: Plan, target: str) -> str:
    return f"all that {target} does, for some seconds; then links, addresses and routes are back"


FAULT = Fault(
    name="node-restart",
    about="A node is shut down and started again; passes by itself",
    affects=_affects,
    prepare=prepare,
    inject=_inject,
    seen=seen,
    heal=None,
    undo=undo,
    **NODE_TARGET,
)
