"""A daemon is killed where it stands (SIGKILL): no goodbye to neighbours, nothing put in order."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_servers import (
    choose_daemon,
    daemons_of,
    kill_plan,
    kill_servers,
    revive_servers,
    servers_seen_dead,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan


def _targets(plan: Plan) -> Sequence[str]:
    return [node.name for node in plan.nodes.values() if daemons_of(node)]


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    daemon = choose_daemon(scene.plan.nodes[target], options["daemon"])
    return kill_plan(scene, [target], daemon)


def _affects(plan: Plan, target: str) -> str:
    daemons = ", ".join(daemons_of(plan.nodes[target]))
    return f"what that daemon of {target} does (it has: {daemons}); others notice its silence"


FAULT = Fault(
    name="daemon-kill",
    about="A daemon is killed with SIGKILL; the node ends with it where it is the only one",
    target="node",
    targets=_targets,
    affects=_affects,
    prepare=_prepare,
    inject=kill_servers,
    seen=servers_seen_dead,
    heal=revive_servers,
    options=(Option("daemon", "", "which one, where a node has several, like kea-dhcp4"),),
)
