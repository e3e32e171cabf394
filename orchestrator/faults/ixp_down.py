"""An exchange's switch loses power: all its ports go, and with them all peerings over it."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_links import carriers_seen_lost, plan_cuts, plug_in, pull_cables
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan


def _exchanges(plan: Plan) -> Sequence[str]:
    return [switch.name for switch in plan.switches.values() if switch.is_ixp]


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    ports = scene.plan.switches[target].ports
    return plan_cuts(scene, f"ixp-down {target}", [port.link for port in ports])


def _affects(plan: Plan, target: str) -> str:
    links = [plan.links[port.link] for port in plan.switches[target].ports]
    members = [end.node for link in links for end in (link.a, link.b) if end.node != target]
    return f"BGP sessions and packets over {target} among {', '.join(members)}; transit takes over"


FAULT = Fault(
    name="ixp-down",
    about="An exchange's switch loses power: all its ports go",
    target="exchange",
    targets=_exchanges,
    affects=_affects,
    prepare=_prepare,
    inject=pull_cables,
    seen=carriers_seen_lost,
    heal=plug_in,
)
