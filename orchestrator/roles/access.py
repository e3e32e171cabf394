"""An ISP's access router: a router, and Kea, which hands the subscribers on its lines addresses."""

from __future__ import annotations

import dataclasses

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import Probe, UdpProbe
from orchestrator.roles import router
from orchestrator.roles.base import fixed

DHCP4_PORT, DHCP6_PORT = 67, 547


def _offers(node: Node, plan: Plan) -> tuple[Probe, ...]:
    """What its subscribers need; they need not wait for all of BGP."""
    return (UdpProbe(DHCP4_PORT), UdpProbe(DHCP6_PORT))


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    return (*_offers(node, plan), *router.ROLE.probes(node, plan))


ROLE = dataclasses.replace(
    router.ROLE,
    image="access",
    files=fixed("access", "kea-dhcp4.conf", "kea-dhcp6.conf", **{"bird.conf": "router/bird.conf"}),
    probes=_probes,
    offers=_offers,
    daemons=(*router.ROLE.daemons, "kea-dhcp4", "kea-dhcp6"),
    network="Internet provider",
)
