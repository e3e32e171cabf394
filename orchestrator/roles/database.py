"""PostgreSQL with the shop's rows; only the application servers may connect."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import Probe, TcpProbe
from orchestrator.roles.base import Role, fixed


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    return (TcpProbe(node.address, 5432),)


# The data directory was made with the image and lives in the container's own layer.
ROLE = Role(
    image="database",
    files=fixed("database", "postgresql.conf", "pg_hba.conf"),
    probes=_probes,
    read_only=False,
    daemons=("postgres",),
)
