"""An ISP's access router: a router, and Kea, which hands the subscribers on its lines addresses."""

from __future__ import annotations

import dataclasses

from orchestrator.plan.health import HealthCheck, UdpCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.roles import router
from orchestrator.roles.base import fixed

DHCP4_PORT, DHCP6_PORT = 67, 547


def _offers(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    """What its subscribers need; they need not wait for all of BGP."""
    return (UdpCheck(DHCP4_PORT), UdpCheck(DHCP6_PORT))


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    return (*_offers(node, plan), *router.ROLE.checks(node, plan))


ROLE = dataclasses.replace(
    router.ROLE,
    image="access",
    files=fixed("access", "kea-dhcp4.conf", "kea-dhcp6.conf", **{"bird.conf": "router/bird.conf"}),
    checks=_checks,
    offers=_offers,
    daemons=(*router.ROLE.daemons, "kea-dhcp4", "kea-dhcp6"),
    network="Internet provider",
)
