"""An exchange's route server: BIRD without a packet to forward."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import RouteServerSettings
from orchestrator.roles.base import BIRD, ROUTING, Role, fixed
from orchestrator.roles.birds import bird_check


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, RouteServerSettings)
    return (bird_check(node, plan, node.settings.sessions),)


ROLE = Role(
    image="router",
    files=fixed("routeserver", "bird.conf"),
    checks=_checks,
    capabilities=("NET_ADMIN", "NET_RAW"),
    daemons=(BIRD,),
    limits=ROUTING,
    lane=False,
)
