"""What must hold in any plan, whatever the topology says: ports, links, addresses, ways out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from orchestrator.plan.addresses import EVERYWHERE, Address, HostAddress, holds
from orchestrator.plan.model import Interface, Node, Plan, Switch
from orchestrator.plan.routing import AccessLine, RouterSettings
from orchestrator.plan.services import GatewaySettings
from tests.golden.cases import CASES, Case, plan_of

each_plan = pytest.mark.parametrize("case", CASES, ids=str)


def holders(plan: Plan) -> list[Node | Switch]:
    """All that has ports."""
    return [*plan.nodes.values(), *plan.switches.values()]


def ports(plan: Plan) -> dict[tuple[str, str], Interface]:
    return {(h.name, port.name): port for h in holders(plan) for port in _ports_of(h)}


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


def lines(plan: Plan) -> list[AccessLine]:
    """The lines of all access routers."""
    return [
        line
        for node in plan.nodes.values()
        if isinstance(node.settings, RouterSettings)
        for line in node.settings.lines
    ]


def gateways(plan: Plan) -> list[GatewaySettings]:
    """What all home gateways are told."""
    settings = [node.settings for node in plan.nodes.values()]
    return [entry for entry in settings if isinstance(entry, GatewaySettings)]


def entries(holder: Node | Switch) -> list[HostAddress]:
    """All addresses on all interfaces, with their prefixes."""
    return [entry for port in _ports_of(holder) for entry in port.addresses]


@each_plan
def test_addresses_are_unique(case: Case) -> None:
    """Those on interfaces and loopbacks, and those that DHCP and advertisements will give."""
    plan = plan_of(case)
    held: list[Address] = [entry.ip for port in ports(plan).values() for entry in port.addresses]
    held += [address for node in plan.nodes.values() for address in node.loopbacks]
    held += [address for service in plan.anycast.values() for address in service.addresses]
    held += [address for line in lines(plan) for address in (line.address.ip, line.address6.ip)]
    for gateway in gateways(plan):
        held.append(gateway.address6)
        held += [a for lease in gateway.leases for a in (lease.address, lease.address6)]
    assert twice(held) == []


@each_plan
def test_no_address_is_that_of_a_network(case: Case) -> None:
    """IPv4 has two of them but in a /31 (RFC 3021). The first of an IPv6 prefix is any router's
    (RFC 4291, 2.6.1) but in a /127 (RFC 6164)."""
    plan = plan_of(case)
    for holder in holders(plan):
        for entry in entries(holder):
            if entry.network.prefixlen < entry.max_prefixlen - 1:
                outer = (entry.network.network_address, entry.network.broadcast_address)
                assert entry.ip not in outer, (holder.name, entry)


@each_plan
def test_names_fit(case: Case) -> None:
    plan = plan_of(case)
    names = [holder.name for holder in holders(plan)]
    assert twice(names) == []
    assert all(len(name) <= 63 for name in names)
    assert all(len(port.name) <= 15 for port in ports(plan).values())
    written = [(holder.name, port.name) for holder in holders(plan) for port in _ports_of(holder)]
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
def test_every_end_has_an_address_of_each_family(case: Case) -> None:
    """But for the ports of switches, and what asks for its addresses."""
    plan = plan_of(case)
    for node in plan.nodes.values():
        for port in node.interfaces:
            versions = [entry.version for entry in port.addresses]
            # A gateway's own LAN has its IPv4 address; the prefix of the other comes with DHCPv6.
            alone = node.role == "gateway" and port.name == "lan"
            expected = [] if port.dhcp else [4] if alone else [4, 6]
            assert versions == expected, (node.name, port.name)
    assert not any(port.addresses for s in plan.switches.values() for port in s.ports)


@each_plan
def test_ends_of_a_link_share_their_prefixes(case: Case) -> None:
    plan = plan_of(case)
    for link in plan.links.values():
        a, b = (ports(plan)[end.node, end.interface] for end in (link.a, link.b))
        if a.addresses and b.addresses:
            assert [x.network for x in a.addresses] == [x.network for x in b.addresses]


@each_plan
def test_what_is_on_a_switch_is_in_its_prefixes(case: Case) -> None:
    plan = plan_of(case)
    for link in plan.links.values():
        for here, there in ((link.a, link.b), (link.b, link.a)):
            switch = plan.switches.get(there.node)
            port = ports(plan)[here.node, here.interface]
            if switch is not None and not port.dhcp:
                networks = [entry.network for entry in port.addresses]
                assert networks == list(switch.prefixes[: len(networks)])


@each_plan
def test_next_hops_are_on_a_connected_prefix_and_held_by_a_neighbour(case: Case) -> None:
    plan = plan_of(case)
    for node in plan.nodes.values():
        connected = [entry.network for entry in entries(node)]
        for route in node.routes:
            assert any(holds(network, route.via) for network in connected), node.name
            owner = plan.owner_of(route.via)
            assert owner is not None
            assert owner.name != node.name


@each_plan
def test_everything_has_a_way_out_by_each_family(case: Case) -> None:
    """Routers learn theirs; hosts and gateways are given theirs; a data centre's servers and a
    route server stay inside."""
    plan = plan_of(case)
    inside = {
        end.node
        for link in plan.links.values()
        for end in (link.a, link.b)
        if {link.a.node, link.b.node} & set(plan.switches)
    }
    for node in plan.nodes.values():
        learns = node.role in ("router", "access", "host", "gateway")
        if learns or (node.name in inside and len(node.interfaces) == 1):
            continue
        assert tuple(route.destination for route in node.routes) == EVERYWHERE, node.name


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
            all(r and r.role in ("router", "access") for r in routers)
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
