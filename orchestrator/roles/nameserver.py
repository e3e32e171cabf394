"""An authoritative BIND server: of the root, of a top-level domain, or of a zone."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import DnsProbe, Probe
from orchestrator.plan.services import NameServerSettings
from orchestrator.roles.base import Files, Role, Template


def _files(node: Node) -> Files:
    assert isinstance(node.settings, NameServerSettings)
    files = {"named.conf": Template("nameserver/named.conf")}
    for view in node.settings.views:
        for zone in view.zones:
            files[zone.file] = Template("nameserver/zone", {"zone": zone})
    return files


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, NameServerSettings)
    zones = dict.fromkeys(zone.name for view in node.settings.views for zone in view.zones)
    return tuple(DnsProbe(node.address, zone, "SOA", authoritative=True) for zone in zones)


ROLE = Role(
    image="dns",
    files=_files,
    probes=_probes,
)
