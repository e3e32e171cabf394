"""A BIRD router: OSPF inside its AS, BGP between ASes."""

from __future__ import annotations

from orchestrator.plan.health import BirdCheck, HealthCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import RouterSettings
from orchestrator.roles.base import BIRD, FORWARDING_SYSCTLS, ROUTING, Role, fixed
from orchestrator.routes.bgp import control_plane


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, RouterSettings)
    sessions = [session.name for session in node.settings.sessions]
    sessions += [server.protocol for server in node.settings.rtr]
    return (BirdCheck(tuple(sessions), control_plane(plan).reachable(node.name)),)


ROLE = Role(
    image="router",
    files=fixed("router", "bird.conf"),
    checks=_checks,
    capabilities=("NET_ADMIN", "NET_RAW"),
    sysctls=FORWARDING_SYSCTLS,
    daemons=(BIRD,),
    limits=ROUTING,
    lane=False,
)
