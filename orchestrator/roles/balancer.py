"""HAProxy between the Internet and the servers of a data centre."""

from __future__ import annotations

from orchestrator.plan.health import HealthCheck, HttpCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import BalancerSettings
from orchestrator.roles.base import Role, fixed


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, BalancerSettings)
    plain = (HttpCheck(address, 80, "/healthz") for address in node.addresses)
    secure = (
        HttpCheck(address, 443, "/healthz", host)
        for address in node.addresses
        for host in node.settings.tls_hosts
    )
    return (*plain, *secure)


ROLE = Role(
    image="balancer",
    files=fixed("balancer", "haproxy.cfg"),
    checks=_checks,
    daemons=("haproxy",),
    network="data centre",
)
