"""What must hold in any plan, whatever the topology says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pytest

from orchestrator.plan.model import Interface, Node, Plan, Switch
from orchestrator.plan.services import GatewaySettings, RouterSettings
from tests.golden.cases import CASES, Case, plan_of

each_plan = pytest.mark.parametrize("case", CASES, ids=str)


def ports(plan: Plan) -> dict[tuple[str, str], Interface]:
    holders = (*plan.nodes.values(), *plan.switches.values())
    return {(holder.name, port.name): port for holder in holders for port in _ports_of(holder)}


def _ports_of(holder: Node | Switch) -> tuple[Interface, ...]:
    return holder.ports if isinstance(holder, Switch) else holder.interfaces


def twice(values: Iterable[object]) -> list[object]:
    return [value for value, count in Counter(values).items() if count > 1]


@each_plan
def test_macs_and_indexes_are_unique(case: Case) -> None:
    found = list(ports(plan_of(case)).values())
    assert twice(port.mac for port in found) == []
    assert twice(port.index for port in found) == []
    assert all(len(port.mac) == 17 and port.mac.startswith("02:") for port in found)


@each_plan
def test_addresses_are_unique(case: Case) -> None:
    plan = plan_of(case)
    held = [entry.ip for port in ports(plan).values() for entry in port.addresses]
    held += [node.loopback for node in plan.nodes.values() if node.loopback]
    leases = [
        lease.address
        for node in plan.nodes.values()
        if isinstance(node.settings, GatewaySettings)
        for lease in node.settings.leases
    ]
    assert twice([*held, *leases]) == []


@each_plan
def test_names_fit(case: Case) -> None:
    plan = plan_of(case)
    holders = (*plan.nodes, *plan.switches)
    assert twice(holders) == []
    assert all(len(name) <= 63 for name in holders)
    assert all(len(port.name) <= 15 for port in ports(plan).values())
    written = [
        (holder.name, port.name)
        for holder in (*plan.nodes.values(), *plan.switches.values())
        for port in _ports_of(holder)
    ]
    assert twice(written) == []


@each_plan
def test_every_link_has_two_ends_and_every_port_a_link(case: Case) -> None:
    plan, ends = plan_of(case), []
    for name, link in plan.links.items():
        assert link.name == name
        assert link.a.node != link.b.node
        for end in (link.a, link.b):
            assert ports(plan)[end.node, end.interface].link == name
            ends.append((end.node, end.interface))
    assert sorted(ends) == sorted(ports(plan))


@each_plan
def test_ends_of_a_link_share_a_prefix(case: Case) -> None:
    plan = plan_of(case)
    for link in plan.links.values():
        a, b = (ports(plan)[end.node, end.interface] for end in (link.a, link.b))
        if a.addresses and b.addresses:
            assert a.addresses[0].network == b.addresses[0].network


@each_plan
def test_what_is_on_a_switch_is_in_its_prefix(case: Case) -> None:
    plan = plan_of(case)
    for link in plan.links.values():
        for here, there in ((link.a, link.b), (link.b, link.a)):
            switch = plan.switches.get(there.node)
            port = ports(plan)[here.node, here.interface]
            if switch is not None and not port.dhcp:
                assert port.addresses[0].network == switch.prefix
                outer = (switch.prefix.network_address, switch.prefix.broadcast_address)
                assert port.address not in outer


@each_plan
def test_next_hops_are_on_a_connected_prefix_and_held_by_a_neighbour(case: Case) -> None:
    plan = plan_of(case)
    for node in plan.nodes.values():
        connected = [entry.network for port in node.interfaces for entry in port.addresses]
        for route in node.routes:
            assert any(route.via in network for network in connected), node.name
            owner = plan.owner_of(route.via)
            assert owner is not None
            assert owner.name != node.name


@each_plan
def test_everything_has_a_way_out(case: Case) -> None:
    """Routers learn theirs, hosts are leased theirs, and servers in a data centre stay inside."""
    plan = plan_of(case)
    inside = {
        end.node
        for link in plan.links.values()
        for end in (link.a, link.b)
        if {link.a.node, link.b.node} & set(plan.switches)
    }
    for node in plan.nodes.values():
        if node.role in ("router", "host") or (node.name in inside and len(node.interfaces) == 1):
            continue
        assert [str(route.destination) for route in node.routes] == ["0.0.0.0/0"], node.name


@each_plan
def test_prefixes_do_not_overlap(case: Case) -> None:
    plan = plan_of(case)
    prefixes = [system.prefix for system in plan.systems.values()]
    prefixes += [switch.prefix for switch in plan.switches.values()]
    assert not any(a.overlaps(b) for a, b in combinations(prefixes, 2))


@each_plan
def test_what_an_as_announces_covers_what_it_serves(case: Case) -> None:
    """A name server, resolver, edge or balancer outside its AS's prefix could not be reached."""
    plan = plan_of(case)
    for node in plan.with_role("nameserver", "resolver", "edge", "balancer", "gateway", "router"):
        asn = node.asn if node.asn else _owner_asn(plan, node.routes[0].via)
        assert node.address in plan.systems[asn].prefix


def _owner_asn(plan: Plan, address: IPv4Address) -> int:
    owner = plan.owner_of(address)
    assert owner is not None
    assert owner.asn is not None
    return owner.asn


@each_plan
def test_ospf_speaks_on_both_ends_of_an_interior_link_at_one_cost(case: Case) -> None:
    plan = plan_of(case)
    speaking = {
        (node.name, port.interface): port.cost
        for node in plan.nodes.values()
        if isinstance(node.settings, RouterSettings)
        for port in node.settings.ospf
        if not port.stub
    }
    for link in plan.links.values():
        ends = [(end.node, end.interface) for end in (link.a, link.b)]
        routers = [plan.nodes.get(node) for node, _ in ends]
        interior = (
            all(r and r.role == "router" for r in routers)
            and len({r.asn for r in routers if r}) == 1
        )
        assert [end in speaking for end in ends] == [interior, interior]
        if interior:
            assert speaking[ends[0]] == speaking[ends[1]] >= 10
    assert all(
        port.interface == "lo" or (node.name, port.interface) in ports(plan)
        for node in plan.nodes.values()
        if isinstance(node.settings, RouterSettings)
        for port in node.settings.ospf
    )


@each_plan
def test_only_reserved_space_is_used(case: Case) -> None:
    safe = [
        IPv4Network(text)
        for text in (
            *("198.18.0.0/15", "100.64.0.0/10", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
            *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
        )
    ]
    for port in ports(plan_of(case)).values():
        for entry in port.addresses:
            assert any(entry.ip in block for block in safe)
