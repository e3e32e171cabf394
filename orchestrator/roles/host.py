"""A client machine: asks DHCP for its address, and carries a browser and the usual tools."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck, LeaseCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import HostSettings
from orchestrator.roles.base import Files, Limits, Role, Template


def _files(node: Node) -> Files:
    return {"udhcpc.script": Template("host/udhcpc.script"), "start": Template("host/start")}


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, HostSettings)
    port = node.interfaces[0].name if node.interfaces else ""
    return tuple(LeaseCheck(port, lease) for lease in node.settings.leases)


ROLE = Role(
    image="client",
    command=("sh", "/lab/start"),
    files=_files,
    checks=_checks,
    capabilities=("NET_ADMIN", "NET_RAW", "SETUID", "SETGID"),
    tmpfs={"/home/visitor": "uid=1000,gid=1000,mode=700"},
    environment={
        "SSL_CERT_FILE": "/lab/tls/ca.pem",
        "CURL_CA_BUNDLE": "/lab/tls/ca.pem",
    },
    # The kernel makes its IPv6 address of what the gateway advertises; it asks each second until
    # it has heard, since its interface is up before the gateway is.
    sysctls={
        "net.ipv6.conf.default.accept_ra": "1",
        "net.ipv6.conf.default.router_solicitation_delay": "0",
        "net.ipv6.conf.default.router_solicitation_interval": "1",
        "net.ipv6.conf.default.router_solicitation_max_interval": "1",
    },
    waits_for=("gateway",),
    browser=True,
    limits=Limits(pids=4096, memory_mib=4096, files_mib=1024, cpu_shares=512),
)
