"""A CDN edge: nginx with TLS, HTTP/2 and a cache."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import HttpProbe, Probe
from orchestrator.plan.services import EdgeSettings
from orchestrator.roles.base import Role, fixed


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, EdgeSettings)
    return tuple(
        HttpProbe(node.address, 443, "/healthz", site.host) for site in node.settings.sites
    )


ROLE = Role(
    image="web",
    files=fixed("edge", "nginx.conf"),
    probes=_probes,
)
