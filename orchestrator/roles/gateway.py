"""A home gateway: dhcpcd asks the ISP, nftables masquerades, dnsmasq serves the LAN."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import DnsProbe, LeaseProbe, Probe
from orchestrator.plan.services import GatewaySettings
from orchestrator.roles.base import FORWARDING_SYSCTLS, Role, fixed

# Answered by dnsmasq itself from its configuration: proves the daemon, asks nobody upstream.
LOCAL_NAME = "gateway.home.arpa"

# The ISP's router advertises a default route and nothing else: without the second, the gateway
# would believe its own advertisements on "lan" too. dhcpcd wants the third and cannot set it.
_WAN_SYSCTLS = {
    "net.ipv6.conf.default.accept_ra": "2",
    "net.ipv6.conf.default.accept_ra_pinfo": "0",
    "net.ipv4.conf.default.promote_secondaries": "1",
}


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, GatewaySettings)
    settings = node.settings
    return (
        LeaseProbe("wan", settings.wan),
        LeaseProbe("wan", settings.wan6),
        LeaseProbe("lan", settings.address6),
        DnsProbe(settings.address, LOCAL_NAME, "A", authoritative=False),
        DnsProbe(settings.address6, LOCAL_NAME, "A", authoritative=False),
    )


ROLE = Role(
    image="gateway",
    files=fixed("gateway", "nftables.conf", "dhcpcd.conf", "dnsmasq.conf"),
    probes=_probes,
    capabilities=("NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE"),
    sysctls={**FORWARDING_SYSCTLS, **_WAN_SYSCTLS},
    waits_for=("access",),
    daemons=("dnsmasq", "dhcpcd"),
    answers_dns=True,
)
