"""A CDN edge: nginx with TLS, HTTP/2 and a cache."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import HttpProbe, Probe
from orchestrator.plan.services import EdgeSettings
from orchestrator.roles.base import Files, Role, Template
from orchestrator.roles.speaking import speaker_files, speaker_probes


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, EdgeSettings)
    probes = (
        HttpProbe(address, 443, "/healthz", site.host)
        for address in node.served
        for site in node.settings.sites
    )
    return (*probes, *speaker_probes(node))


def _files(node: Node) -> Files:
    return {"nginx.conf": Template("edge/nginx.conf"), **speaker_files(node, "health-http")}


ROLE = Role(
    image="web",
    files=_files,
    probes=_probes,
    daemons=("nginx",),
    network="CDN",
)
