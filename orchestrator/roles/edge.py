"""A CDN edge: nginx with TLS, HTTP/2 and a cache."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck, HttpCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import EdgeSettings
from orchestrator.roles.base import Files, Role, Template
from orchestrator.roles.speaking import speaker_checks, speaker_files


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, EdgeSettings)
    checks = (
        HttpCheck(address, 443, "/healthz", site.host)
        for address in node.served
        for site in node.settings.sites
    )
    return (*checks, *speaker_checks(node))


def _files(node: Node) -> Files:
    return {"nginx.conf": Template("edge/nginx.conf"), **speaker_files(node, "health-http")}


ROLE = Role(
    image="web",
    files=_files,
    checks=_checks,
    daemons=("nginx",),
    network="CDN",
)
