"""A power cut: a node is gone from one moment to the next, and starts again a while later."""

from __future__ import annotations

import time

from orchestrator.errors import Mistake
from orchestrator.faults import node_restart
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_nodes import NODE_TARGET, power_off, power_on
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.spec.units import read_duration_s

_LONGEST_S = 10.0  # others wait for the lab meanwhile, and not for ever


def _read_off_s(text: str) -> float:
    seconds = read_duration_s(text)
    if seconds > _LONGEST_S:
        raise Mistake(f"'{text}' is long for a reboot", f"at most {_LONGEST_S:g}s, else node-stop")
    return seconds


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    off_s = _read_off_s(options["off"])
    return {**node_restart.prepare(scene, target, options), "off_s": off_s}


def _inject(scene: Scene, memo: Memo) -> None:
    for node in memo["nodes"]:
        power_off(scene, node)
    time.sleep(memo["off_s"])
    for node in memo["nodes"]:
        power_on(scene, node)


def _affects(plan: Plan, target: str) -> str:
    return f"all that {target} does, without a goodbye; then links, addresses and routes are back"


FAULT = Fault(
    name="node-reboot",
    about="A node loses power and starts again; passes by itself",
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=node_restart.seen,
    heal=None,
    undo=node_restart.undo,
    options=(Option("off", "2s", "how long it is without power", _read_off_s),),
    **NODE_TARGET,
)
