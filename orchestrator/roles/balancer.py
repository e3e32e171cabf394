"""HAProxy between the Internet and the servers of a data centre."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import HttpProbe, Probe
from orchestrator.plan.services import BalancerSettings
from orchestrator.roles.base import Role, fixed


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, BalancerSettings)
    plain = (HttpProbe(address, 80, "/healthz") for address in node.addresses)
    secure = (
        HttpProbe(address, 443, "/healthz", host)
        for address in node.addresses
        for host in node.settings.tls_hosts
    )
    return (*plain, *secure)


ROLE = Role(
    image="balancer",
    files=fixed("balancer", "haproxy.cfg"),
    probes=_probes,
    daemons=("haproxy",),
    network="data centre",
)
