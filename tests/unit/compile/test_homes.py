"""Homes: what the ISP gives each over its line, and what the gateway makes of it."""

from __future__ import annotations

from itertools import combinations

import pytest

from orchestrator.plan.addresses import eui64, holds, overlap, within
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import AccessLine, RouterSettings
from orchestrator.plan.services import GatewaySettings, HostSettings
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.texts import compiled

WITH_HOMES = [case for case in CASES if plan_of(case).with_role("gateway")]
each_home = pytest.mark.parametrize("case", WITH_HOMES, ids=str)


def settings_of(node: Node) -> GatewaySettings:
    """What a gateway is told."""
    assert isinstance(node.settings, GatewaySettings)
    return node.settings


def lines(plan: Plan) -> dict[str, tuple[Node, AccessLine]]:
    """Each subscriber's access router, and its line there."""
    return {
        line.subscriber: (node, line)
        for node in plan.nodes.values()
        if isinstance(node.settings, RouterSettings)
        for line in node.settings.lines
    }


@each_home
def test_every_gateway_has_a_line_and_every_router_with_lines_is_an_access_router(
    case: Case,
) -> None:
    plan = plan_of(case)
    assert set(lines(plan)) == {node.name for node in plan.with_role("gateway")}
    routers = {node.name for node, _ in lines(plan).values()}
    assert routers == {node.name for node in plan.with_role("access")}


@each_home
def test_a_line_leads_to_its_subscriber(case: Case) -> None:
    """The router knows it by the MAC of the port at the other end, which asks for its addresses."""
    plan = plan_of(case)
    for name, (router, line) in lines(plan).items():
        port = router.interface(line.interface)
        wan = plan.nodes[name].interface("wan")
        assert (wan.link, wan.mac, wan.dhcp) == (port.link, line.mac, True)
        assert wan.addresses == ()
        v4, v6 = port.addresses
        assert v4.network == line.address.network
        assert v6.network == line.address6.network
        assert line.router == v4.ip
        assert line.address.ip != v4.ip
        assert line.address6.ip != v6.ip


@each_home
def test_what_a_gateway_expects_is_what_its_line_gives(case: Case) -> None:
    plan = plan_of(case)
    for name, (_, line) in lines(plan).items():
        gateway = settings_of(plan.nodes[name])
        assert (gateway.wan, gateway.wan6) == (line.address.ip, line.address6.ip)
        assert gateway.delegated == line.delegated


@each_home
def test_a_lan_is_the_first_64_of_what_is_delegated(case: Case) -> None:
    plan = plan_of(case)
    for node in plan.with_role("gateway"):
        gateway = settings_of(node)
        assert gateway.delegated.prefixlen == 56
        assert gateway.lan6.prefixlen == 64
        assert gateway.lan6.network_address == gateway.delegated.network_address
        assert gateway.address6 == gateway.lan6[1]
        (switch,) = (s for s in plan.switches.values() if gateway.lan in s.prefixes)
        assert switch.prefixes == (gateway.lan, gateway.lan6)


@each_home
def test_what_is_delegated_is_apart_and_of_the_isp(case: Case) -> None:
    plan = plan_of(case)
    delegated = [line.delegated for _, line in lines(plan).values()]
    assert not any(overlap(a, b) for a, b in combinations(delegated, 2))
    held = [e.network for n in plan.nodes.values() for p in n.interfaces for e in p.addresses]
    for router, line in lines(plan).values():
        assert within(line.delegated, plan.systems[router.asn or 0].prefixes[1])
        assert not any(overlap(line.delegated, network) for network in held)
        assert not any(holds(line.delegated, a) for n in plan.nodes.values() for a in n.loopbacks)


@each_home
def test_hosts_are_leased_an_address_and_make_the_other(case: Case) -> None:
    """By SLAAC, of the prefix that is advertised and their MAC."""
    plan = plan_of(case)
    for node in plan.with_role("gateway"):
        gateway = settings_of(node)
        for lease in gateway.leases:
            host = plan.nodes[lease.host]
            assert host.interfaces[0].dhcp
            assert lease.mac == host.interfaces[0].mac
            assert holds(gateway.lan, lease.address)
            assert lease.address6 == eui64(gateway.lan6, lease.mac)
            assert isinstance(host.settings, HostSettings)
            assert host.settings.leases == (lease.address, lease.address6)
            assert host.settings.gateway == node.name


def test_homes_at_one_router_have_lines_of_their_own() -> None:
    homes = ", ".join(f"h{n}: {{isp: isp, hosts: [pc{n}]}}" for n in range(200))
    plan = compiled(f"""
name: x
as: {{isp: {{asn: 64501, prefix: 100.64.0.0/16}}}}
dns: {{as: isp}}
homes: {{{homes}}}
""")
    assert len({line.delegated for _, line in lines(plan).values()}) == 200
    assert len({line.interface for _, line in lines(plan).values()}) == 200


def test_an_isp_whose_prefix_is_narrow_still_delegates() -> None:
    """A quarter of the least prefix of IPv6 that an AS may have is a /46."""
    plan = compiled("""
name: x
as: {isp: {asn: 64501, prefix6: "3fff:7::/44"}}
dns: {as: isp}
homes: {h: {isp: isp, hosts: [pc]}}
""")
    assert str(settings_of(plan.nodes["h-gw"]).delegated) == "3fff:7:c::/56"
