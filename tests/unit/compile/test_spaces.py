"""Which prefixes a plan uses: of spaces that may be used, apart from each other, and reachable."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_network
from itertools import combinations

import pytest

from orchestrator.compile.addressing import (
    ANYCAST6,
    BY_HAND,
    BY_HAND6,
    DATACENTERS,
    DATACENTERS6,
    EXCHANGES6,
    HOMES,
    PUBLIC,
    PUBLIC6,
)
from orchestrator.plan.addresses import FAMILIES, Prefix, holds, overlap, within
from orchestrator.plan.routing import RouterSettings
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.test_wiring import gateways, ports

each_plan = pytest.mark.parametrize("case", CASES, ids=str)


@each_plan
def test_prefixes_do_not_overlap(case: Case) -> None:
    """Of ASes, exchanges, data centres, anycast services. A home's LAN of IPv6 is of its AS's."""
    plan = plan_of(case)
    prefixes = [prefix for system in plan.systems.values() for prefix in system.prefixes]
    prefixes += [prefix for service in plan.anycast.values() for prefix in service.prefixes]
    delegated = {gateway.lan6 for gateway in gateways(plan)}
    switched = [prefix for switch in plan.switches.values() for prefix in switch.prefixes]
    prefixes += [prefix for prefix in switched if prefix not in delegated]
    assert not any(overlap(a, b) for a, b in combinations(prefixes, 2))


@each_plan
def test_what_an_as_has_covers_what_it_serves(case: Case) -> None:
    """What has an AS and stands outside its prefixes could not be reached."""
    plan = plan_of(case)
    for node in plan.nodes.values():
        if node.asn is not None and node.role not in ("routeserver", "host"):
            prefixes = plan.systems[node.asn].prefixes
            for address in node.addresses:
                assert any(holds(prefix, address) for prefix in prefixes), node.name


@each_plan
def test_lines_are_in_the_prefixes_of_their_as(case: Case) -> None:
    plan = plan_of(case)
    for node in plan.nodes.values():
        settings = node.settings
        for line in settings.lines if isinstance(settings, RouterSettings) else ():
            prefixes = plan.systems[node.asn or 0].prefixes
            for prefix in (line.address.network, line.address6.network, line.delegated):
                assert any(within(prefix, outer) for outer in prefixes)


@each_plan
def test_only_reserved_space_is_used(case: Case) -> None:
    """What shipped topologies may write, and what addresses are taken from (RFC 6890, 9637)."""
    documentation: list[Prefix] = [
        ip_network(text)
        for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    taken: list[Prefix] = [*PUBLIC, PUBLIC6, HOMES, DATACENTERS, BY_HAND, IPv6Network("fd00::/8")]
    plan = plan_of(case)
    for port in ports(plan).values():
        for entry in port.addresses:
            assert any(holds(block, entry.ip) for block in (*documentation, *taken))
    written = [*documentation, *PUBLIC, PUBLIC6]
    for node in plan.nodes.values():
        originated = node.settings.originated if isinstance(node.settings, RouterSettings) else ()
        for origin in originated:
            assert any(within(origin.prefix, block) for block in written)


def test_spaces_that_addresses_are_taken_from_do_not_overlap() -> None:
    spaces: list[Prefix] = [*PUBLIC, PUBLIC6, EXCHANGES6, ANYCAST6, HOMES]
    spaces += [DATACENTERS, DATACENTERS6, BY_HAND, BY_HAND6]
    assert not any(overlap(a, b) for a, b in combinations(spaces, 2))


@each_plan
def test_every_as_has_a_prefix_of_each_family(case: Case) -> None:
    for system in plan_of(case).systems.values():
        assert [prefix.version for prefix in system.prefixes] == [*FAMILIES]
