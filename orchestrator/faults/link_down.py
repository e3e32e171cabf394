"""A pulled cable: both ends lose their carrier, and routing sees it at once."""

from __future__ import annotations

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_links import (
    LINK_TARGET,
    carriers_seen_lost,
    crossing,
    plan_cuts,
    plug_in,
    pull_cables,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    return plan_cuts(scene, f"link-down {target}", [target])


def _affects(plan: Plan, target: str) -> str:
    return f"{crossing(plan, target)}; routing goes around it as soon as the carrier is lost"


FAULT = Fault(
    name="link-down",
    about="A cable is pulled: both ends lose their carrier",
    affects=_affects,
    prepare=_prepare,
    inject=pull_cables,
    seen=carriers_seen_lost,
    heal=plug_in,
    **LINK_TARGET,
)
