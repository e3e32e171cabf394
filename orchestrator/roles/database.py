"""PostgreSQL with the shop's rows; only the application servers may connect."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import Probe, TcpProbe
from orchestrator.roles.base import Role, fixed

DATA = "/var/lib/postgresql/17/main"


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    return (TcpProbe(node.address, 5432),)


# The data directory was made with the image and lives in the container's own layer.
ROLE = Role(
    image="database",
    command=("postgres", "-D", DATA, "-c", "config_file=/lab/postgresql.conf"),
    files=fixed("database", "postgresql.conf", "pg_hba.conf"),
    probes=_probes,
    user="postgres",
    read_only=False,
)
