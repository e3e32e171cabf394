"""A home gateway: nftables masquerades, dnsmasq leases addresses and caches names."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import DnsProbe, Probe
from orchestrator.plan.services import GatewaySettings
from orchestrator.roles.base import FORWARDING_SYSCTLS, Role, fixed

# Answered by dnsmasq itself from its configuration: proves the daemon, asks nobody upstream.
LOCAL_NAME = "gateway.home.arpa"


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, GatewaySettings)
    return (DnsProbe(node.settings.address, LOCAL_NAME, "A", authoritative=False),)


ROLE = Role(
    image="gateway",
    files=fixed("gateway", "nftables.conf", "dnsmasq.conf"),
    probes=_probes,
    capabilities=("NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE"),
    sysctls=FORWARDING_SYSCTLS,
)
