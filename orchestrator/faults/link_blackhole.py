"""Frames vanish on a link and its carrier stays: only BFD, hellos or a hold timer notice."""

from __future__ import annotations

from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_links import LINK_TARGET, crossing
from orchestrator.faults.scene import Scene
from orchestrator.linking import directions_from
from orchestrator.plan.model import Plan


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    directions = directions_from(scene.plan.links[target], options["from"])
    before = scene.links.links[target].blackholes
    return {"link": target, "directions": [d for d in directions if d not in before]}


def _inject(scene: Scene, memo: Memo) -> None:
    scene.links.blackhole(memo["link"], memo["directions"], is_on=True)


def _seen(scene: Scene, memo: Memo) -> str:
    missing = set(memo["directions"]) - set(scene.links.links[memo["link"]].blackholes)
    return f"frames still pass {', '.join(sorted(missing))}" if missing else ""


def _heal(scene: Scene, memo: Memo) -> None:
    scene.links.blackhole(memo["link"], memo["directions"], is_on=False)


def _affects(plan: Plan, target: str) -> str:
    return f"{crossing(plan, target)}, until its ends notice the silence"


FAULT = Fault(
    name="link-blackhole",
    about="Frames vanish on a link while its carrier stays",
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(Option("from", "", "only frames that this end sends"),),
    **LINK_TARGET,
)
