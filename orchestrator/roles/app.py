"""The shop's application server."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck, HttpCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.roles.base import Role, fixed

PORT = 8080


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    return (HttpCheck(node.address, PORT, "/healthz"),)


ROLE = Role(
    image="app",
    files=fixed("app", "app.json"),
    checks=_checks,
    daemons=("python3",),
)
