"""An authoritative BIND server: of the root, of a top-level domain, or of a zone."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import DnsProbe, Probe
from orchestrator.plan.services import NameServerSettings
from orchestrator.roles.base import Files, Role, Template
from orchestrator.roles.speaking import speaker_files, speaker_probes


def _files(node: Node) -> Files:
    assert isinstance(node.settings, NameServerSettings)
    files = {"named.conf": Template("nameserver/named.conf")}
    for view in node.settings.views:
        for zone in view.zones:
            files[zone.file] = Template("nameserver/zone", {"zone": zone})
    return {**files, **speaker_files(node, "health-dns", zone=node.settings.views[0].zones[0].name)}


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, NameServerSettings)
    zones = dict.fromkeys(zone.name for view in node.settings.views for zone in view.zones)
    probes = (
        DnsProbe(address, zone, "SOA", authoritative=True)
        for address in node.served
        for zone in zones
    )
    return (*probes, *speaker_probes(node))


ROLE = Role(
    image="dns",
    files=_files,
    probes=_probes,
    daemons=("named",),
    answers_dns=True,
    network="names",
)
