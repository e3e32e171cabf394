"""Frames vanish on a link and its carrier stays: only BFD, hellos or a hold timer notice."""

from __future__ import annotations

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_links import (
    LINK_TARGET,
    crossing,
    dig_holes,
    fill_holes,
    holes_seen,
    plan_holes,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.runtime.links.state import DIRECTIONS


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    return plan_holes(scene, f"link-blackhole {target}", {target: DIRECTIONS})


def _affects(plan: Plan, target: str) -> str:
    return f"{crossing(plan, target)}, until its ends notice the silence"


FAULT = Fault(
    name="link-blackhole",
    about="Frames vanish on a link while its carrier stays",
    affects=_affects,
    prepare=_prepare,
    inject=dig_holes,
    seen=holes_seen,
    heal=fill_holes,
    **LINK_TARGET,
)
