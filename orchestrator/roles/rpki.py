"""A cache of validated ROAs: stayrtr serves them to the routers that check origins."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import Probe, TcpProbe
from orchestrator.plan.routing import RTR_PORT
from orchestrator.roles.base import Role, fixed


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    return (TcpProbe(node.address, RTR_PORT),)


ROLE = Role(
    image="rpki",
    files=fixed("rpki", "roas.json"),
    probes=_probes,
    daemons=("stayrtr",),
    lane=False,
)
