"""A BIRD router: OSPF inside its AS, BGP between ASes."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import BirdProbe, Probe
from orchestrator.plan.routes import reachable_prefixes
from orchestrator.plan.services import RouterSettings
from orchestrator.roles.base import FORWARDING_SYSCTLS, Role, fixed


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, RouterSettings)
    sessions = tuple(session.name for session in node.settings.sessions)
    return (BirdProbe(sessions, reachable_prefixes(plan, node.settings.asn)),)


ROLE = Role(
    image="router",
    files=fixed("router", "bird.conf"),
    probes=_probes,
    capabilities=("NET_ADMIN", "NET_RAW"),
    sysctls=FORWARDING_SYSCTLS,
)
