"""nginx for the shop's static files, inside the data centre."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import HttpProbe, Probe
from orchestrator.roles.base import Role, fixed


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    return tuple(HttpProbe(address, 80, "/healthz") for address in node.addresses)


ROLE = Role(
    image="web",
    files=fixed("web", "nginx.conf"),
    probes=_probes,
    daemons=("nginx",),
)
