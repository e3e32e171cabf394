"""An authoritative BIND server: of the root, of a top-level domain, or of a zone."""

from __future__ import annotations

from orchestrator.plan.health import DnsCheck, HealthCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import NameServerSettings
from orchestrator.roles.base import Files, Role, Template
from orchestrator.roles.speaking import speaker_checks, speaker_files


def _files(node: Node) -> Files:
    assert isinstance(node.settings, NameServerSettings)
    files = {"named.conf": Template("nameserver/named.conf")}
    for view in node.settings.views:
        for zone in view.zones:
            files[zone.file] = Template("nameserver/zone", {"zone": zone})
    # One without a zone refuses to answer for the root: it is not well, and announces nothing.
    asked = next(iter(_zones(node.settings)), ".")
    return {**files, **speaker_files(node, "health-dns", zone=asked)}


def _zones(settings: NameServerSettings) -> list[str]:
    """The names of its zones, each once whatever the views."""
    return list(dict.fromkeys(zone.name for view in settings.views for zone in view.zones))


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, NameServerSettings)
    zones = _zones(node.settings)
    checks = (
        DnsCheck(address, zone, "SOA", authoritative=True)
        for address in node.served
        for zone in zones
    )
    return (*checks, *speaker_checks(node))


ROLE = Role(
    image="dns",
    files=_files,
    checks=_checks,
    daemons=("named",),
    answers_dns=True,
    network="names",
)
