"""A BIRD router: OSPF inside its AS, BGP between ASes."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import RouterSettings
from orchestrator.roles.base import BIRD, FORWARDING_SYSCTLS, ROUTING, Role, fixed
from orchestrator.roles.birds import bird_check
from orchestrator.routes.bgp import control_plane


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, RouterSettings)
    settings, reachable = node.settings, control_plane(plan).reachable(node.name)
    caches = (server.protocol for server in settings.rtr)
    return (bird_check(node, plan, settings.sessions, reachable, caches),)


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
