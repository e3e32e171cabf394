"""A home gateway: dhcpcd asks the ISP, nftables masquerades, dnsmasq serves the LAN."""

from __future__ import annotations

from orchestrator.plan.health import DnsCheck, HealthCheck, LeaseCheck
from orchestrator.plan.model import Node, Plan
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


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, GatewaySettings)
    settings = node.settings
    return (
        LeaseCheck("wan", settings.wan),
        LeaseCheck("wan", settings.wan6),
        LeaseCheck("lan", settings.address6),
        DnsCheck(settings.address, LOCAL_NAME, "A", authoritative=False),
        DnsCheck(settings.address6, LOCAL_NAME, "A", authoritative=False),
    )


ROLE = Role(
    image="gateway",
    files=fixed("gateway", "nftables.conf", "dhcpcd.conf", "dnsmasq.conf"),
    checks=_checks,
    capabilities=("NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE"),
    sysctls={**FORWARDING_SYSCTLS, **_WAN_SYSCTLS},
    waits_for=("access",),
    daemons=("dnsmasq", "dhcpcd"),
    answers_dns=True,
)
