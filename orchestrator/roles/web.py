"""nginx for the shop's static files, inside the data centre."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck, HttpCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.roles.base import Role, fixed


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    return tuple(HttpCheck(address, 80, "/healthz") for address in node.addresses)


ROLE = Role(
    image="web",
    files=fixed("web", "nginx.conf"),
    checks=_checks,
    daemons=("nginx",),
)
