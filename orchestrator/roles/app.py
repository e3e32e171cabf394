"""The shop's application server."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import HttpProbe, Probe
from orchestrator.roles.base import Role, fixed

PORT = 8080


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    return (HttpProbe(node.address, PORT, "/healthz"),)


ROLE = Role(
    image="app",
    files=fixed("app", "app.json"),
    probes=_probes,
    daemons=("python3",),
)
