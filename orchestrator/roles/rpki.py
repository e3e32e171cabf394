"""A cache of validated ROAs: stayrtr serves them to the routers that check origins."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck, TcpCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import RTR_PORT
from orchestrator.roles.base import Role, fixed


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    return (TcpCheck(node.address, RTR_PORT),)


ROLE = Role(
    image="rpki",
    files=fixed("rpki", "roas.json"),
    checks=_checks,
    daemons=("stayrtr",),
    lane=False,
)
