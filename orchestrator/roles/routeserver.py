"""An exchange's route server: BIRD without a packet to forward."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import BirdProbe, Probe
from orchestrator.plan.routing import RouteServerSettings
from orchestrator.roles.base import BIRD, Role, fixed


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, RouteServerSettings)
    return (BirdProbe(tuple(session.name for session in node.settings.sessions), ()),)


ROLE = Role(
    image="router",
    files=fixed("routeserver", "bird.conf"),
    probes=_probes,
    capabilities=("NET_ADMIN", "NET_RAW"),
    daemons=(BIRD,),
    lane=False,
)
