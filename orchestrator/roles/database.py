"""PostgreSQL with the shop's rows; only the application servers may connect."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck, TcpCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.roles.base import Limits, Role, fixed


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    return (TcpCheck(node.address, 5432),)


# The data directory was made with the image and lives in the container's own layer.
ROLE = Role(
    image="database",
    files=fixed("database", "postgresql.conf", "pg_hba.conf"),
    checks=_checks,
    read_only=False,
    daemons=("postgres",),
    limits=Limits(cpu_shares=512),
)
