"""Where packets go in a plan, and how long they take there and back."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from itertools import pairwise

import pytest

from orchestrator.plan.addresses import FAMILIES, Address, Family, of_family
from orchestrator.plan.model import AnycastService, Node, Plan
from orchestrator.plan.routing import BgpPolicy
from orchestrator.plan.services import HostSettings
from orchestrator.routes.forwarding import (
    ForwardingPlane,
    Hop,
    NoPath,
    catchment,
    round_trip_ms,
    way_back,
)
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.texts import compiled
from tests.unit.routes.internets import Drawing

each_plan = pytest.mark.parametrize("case", CASES, ids=str)

# Every link has delays that differ by direction, each a power of two: a sum tells its parts.
HOMES = """
name: homes
as:
  isp: {asn: 64501, routers: [core, far], providers: [{as: top, wire: {delay: 64 ms}}]}
  top: {asn: 64502}
dns: {as: isp}
homes:
  home: {isp: isp, router: core, access: {delay: 1 ms, back: {delay: 2 ms}}, hosts: [pc, tv]}
  other: {isp: isp, router: far, hosts: [phone]}
nodes: {server: {role: host, as: top}}
links:
  - {ends: [server, top], delay: 256 ms, back: {delay: 512 ms}}
wires:
  pc--home-lan: {delay: 4 ms, back: {delay: 8 ms}}
  home-gw--home-lan: {delay: 16 ms, back: {delay: 32 ms}}
  core--top: {back: {delay: 128 ms}}
  tv--home-lan: {delay: 1024 ms, back: {delay: 2048 ms}}
"""

# Two ASes that meet in two cities, each handing over as soon as it can.
HOT_POTATO = """
name: hot-potato
as:
  west:
    asn: 64501
    routers: {w-lon: {at: London}, w-nyc: {at: New York}}
    peers: [{as: east, here: w-lon, there: e-lon}, {as: east, here: w-nyc, there: e-nyc}]
  east: {asn: 64502, routers: {e-lon: {at: London}, e-nyc: {at: New York}}}
nodes: {alice: {role: host}, bob: {role: host}}
links:
  - {ends: [alice, w-lon]}
  - {ends: [bob, e-nyc]}
wires:
  w-lon--w-nyc: {delay: 1000 ms, back: {delay: 100 ms}}
  e-lon--e-nyc: {delay: 10 ms, back: {delay: 1 ms}}
  w-lon--e-lon: {delay: 0 ms}
  w-nyc--e-nyc: {delay: 0 ms}
  alice--w-lon: {delay: 0 ms}
  bob--e-nyc: {delay: 0 ms}
"""

EXCHANGE = """
name: exchange
as: {one: {asn: 64501}, two: {asn: 64502}, three: {asn: 64503}, alone: {asn: 64504}}
ixps: {ix: {members: [one, two, three]}}
"""


def addresses_of(node: Node) -> tuple[Address, ...]:
    """Those others reach a node by; a host at home has those it will be leased."""
    if isinstance(node.settings, HostSettings) and node.settings.leases:
        return node.settings.leases
    return node.addresses if node.interfaces or node.loopbacks else ()


def address_of(node: Node, family: Family = 4) -> Address:
    settings = node.settings
    if node.role == "gateway":
        return getattr(settings, "wan" if family == 4 else "wan6")  # type: ignore[no-any-return]
    return of_family(addresses_of(node), family)[0]


def names(hops: list[Hop]) -> list[str]:
    return [hops[0].sender, *(hop.receiver for hop in hops)] if hops else []


def way(plan: Plan, source: str, target: str, family: Family = 4) -> list[str]:
    return names(ForwardingPlane(plan).path(source, address_of(plan.nodes[target], family)))


def back_and_forth(plan: Plan, source: str, target: str, family: Family = 4) -> float:
    return round_trip_ms(ForwardingPlane(plan), source, address_of(plan.nodes[target], family))


def round_trip_or_none(plane: ForwardingPlane, source: str, target: Address) -> float | None:
    try:
        return round_trip_ms(plane, source, target)
    except NoPath:
        return None


def paths(plan: Plan) -> Iterator[tuple[Node, Node, list[Hop]]]:
    """All paths that there are between two nodes, in both families."""
    plane = ForwardingPlane(plan)
    for source in plan.nodes.values():
        for target in plan.nodes.values():
            for address in addresses_of(target):
                try:
                    yield from ((source, target, w) for w in plane.paths(source.name, address))
                except NoPath:
                    continue


# ── in any plan ───────────────────────────────────────────────────────────────


@each_plan
def test_paths_lead_to_their_target_without_a_circle(case: Case) -> None:
    for source, target, hops in paths(plan_of(case)):
        if source is target:
            assert hops == []
        else:
            assert names(hops)[0] == source.name
            assert names(hops)[-1] == target.name
            assert len(set(names(hops))) == len(names(hops))


@each_plan
def test_each_hop_starts_where_the_last_one_ended_and_crosses_its_link(case: Case) -> None:
    for _, _, hops in paths(plan_of(case)):
        assert all(one.receiver == following.sender for one, following in pairwise(hops))
        for hop in hops:
            assert {hop.sender, hop.receiver} == {hop.link.a.node, hop.link.b.node}


@each_plan
def test_hosts_reach_every_server_that_others_know(case: Case) -> None:
    plan = plan_of(case)
    plane = ForwardingPlane(plan)
    for host in (node for node in plan.with_role("host") if node.interfaces):
        for server in plan.with_role("nameserver", "resolver", "edge", "balancer"):
            for address in server.served:
                assert plane.path(host.name, address)


@each_plan
def test_a_round_trip_takes_the_same_from_both_ends(case: Case) -> None:
    """Between nodes outside of homes; behind NAT nobody can start from the other end."""
    plan = plan_of(case)
    plane, known = ForwardingPlane(plan), plan.with_role("router", "edge", "nameserver", "balancer")
    for one in known:
        for other in known:
            for mine, theirs in zip(one.addresses, other.addresses, strict=True):
                there = round_trip_or_none(plane, one.name, theirs)
                back = round_trip_or_none(plane, other.name, mine)
                assert back == (there if there is None else pytest.approx(there))


# ── homes ─────────────────────────────────────────────────────────────────────


def test_a_host_behind_nat_sends_through_its_gateway() -> None:
    way_out = ["pc", "home-lan", "home-gw", "core", "top", "server"]
    assert way(compiled(HOMES), "pc", "server") == way_out


def test_each_direction_of_a_lan_counts_once() -> None:
    """pc up 4, gateway's port down 32; then 2, 64, 512; back 256, 128, 1, 16, 8."""
    there, back = 4 + 32 + 2 + 64 + 512, 256 + 128 + 1 + 16 + 8
    assert back_and_forth(compiled(HOMES), "pc", "server") == there + back


def test_to_the_own_gateway_only_the_lan_counts() -> None:
    plan = compiled(HOMES)
    assert way(plan, "pc", "home-gw") == ["pc", "home-lan", "home-gw"]
    assert back_and_forth(plan, "pc", "home-gw") == 4 + 32 + 16 + 8


def test_two_hosts_of_a_home_talk_over_its_switch() -> None:
    plan = compiled(HOMES)
    assert way(plan, "pc", "tv") == ["pc", "home-lan", "tv"]
    assert back_and_forth(plan, "pc", "tv") == 4 + 2048 + 1024 + 8


def test_from_outside_a_gateway_answers_and_its_lan_does_not() -> None:
    plan = compiled(HOMES)
    assert way(plan, "server", "home-gw") == ["server", "top", "core", "home-gw"]
    assert back_and_forth(plan, "server", "home-gw") == 256 + 128 + 1 + 2 + 64 + 512
    with pytest.raises(NoPath, match=r"no AS announces 192\.168\.1\.100"):
        way(plan, "server", "pc")


def test_over_ipv6_a_home_is_reached_from_outside() -> None:
    plan = compiled(HOMES)
    way_in = ["server", "top", "core", "home-gw", "home-lan", "pc"]
    assert way(plan, "server", "pc", 6) == way_in
    assert way(plan, "pc", "server", 6) == way_in[::-1]
    assert back_and_forth(plan, "server", "pc", 6) == back_and_forth(plan, "pc", "server")
    assert back_and_forth(plan, "pc", "server", 6) == back_and_forth(plan, "pc", "server")


def test_over_ipv6_two_homes_reach_each_other() -> None:
    there = ["pc", "home-lan", "home-gw", "core", "far", "other-gw", "other-lan", "phone"]
    assert way(compiled(HOMES), "pc", "phone", 6) == there
    assert way(compiled(HOMES), "phone", "pc", 6) == there[::-1]


def test_a_gateway_sends_nothing_back_to_its_isp_that_was_for_its_own_prefix() -> None:
    plan = compiled(HOMES)
    delegated = plan.nodes["home-gw"].settings.delegated  # type: ignore[union-attr]
    with pytest.raises(NoPath, match="nobody behind home-gw has"):
        ForwardingPlane(plan).path("server", delegated[-1])


def test_one_home_reaches_the_gateway_of_another() -> None:
    plan = compiled(HOMES)
    assert way(plan, "pc", "other-gw") == ["pc", "home-lan", "home-gw", "core", "far", "other-gw"]
    assert back_and_forth(plan, "pc", "other-gw") == 4 + 32 + 2 + 1 + 16 + 8


def test_to_itself_there_is_nothing_to_cross() -> None:
    plan = compiled(HOMES)
    assert back_and_forth(plan, "pc", "pc") == 0
    assert back_and_forth(plan, "core", "core") == 0


# ── routers and exchanges ─────────────────────────────────────────────────────


@pytest.mark.parametrize("family", FAMILIES)
def test_the_way_back_may_be_another(family: Family) -> None:
    """Each AS hands over in its own city: west's long line is never crossed, east's both ways."""
    plan = compiled(HOT_POTATO)
    assert way(plan, "alice", "bob", family) == ["alice", "w-lon", "e-lon", "e-nyc", "bob"]
    assert way(plan, "bob", "alice", family) == ["bob", "e-nyc", "w-nyc", "w-lon", "alice"]
    assert back_and_forth(plan, "alice", "bob", family) == 10 + 100
    assert back_and_forth(plan, "bob", "alice", family) == 10 + 100


def test_an_exchange_is_crossed_by_its_switch() -> None:
    plan = compiled(EXCHANGE)
    assert way(plan, "one", "three") == ["one", "ix", "three"]


def test_an_as_without_neighbours_is_nowhere() -> None:
    with pytest.raises(NoPath, match=r"one has no route to 198\.18\.12\.0/22"):
        way(compiled(EXCHANGE), "one", "alone")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("203.0.113.9", "no AS announces 203.0.113.9"),
        ("198.18.3.77", "one announces 198.18.0.0/22, and nobody in its AS has 198.18.3.77"),
        ("198.19.255.200", "nobody on one--ix has 198.19.255.200"),
    ],
)
def test_where_a_path_ends_is_said(target: str, reason: str) -> None:
    with pytest.raises(NoPath) as caught:
        ForwardingPlane(compiled(EXCHANGE)).path("one", ip_address(target))
    assert str(caught.value) == reason


def test_what_is_drawn_by_hand_is_known_inside_its_as() -> None:
    """172.20.0.0/24 is nobody's to announce, but OSPF has it; the neighbour AS has not."""
    plan = plan_of(next(case for case in CASES if case.name == "by-hand"))
    plane, probe = ForwardingPlane(plan), plan.nodes["probe"].interface("up0").addresses[0].ip
    assert names(plane.path("core-2", probe))[-2:] == ["annex", "probe"]
    with pytest.raises(NoPath, match="no AS announces"):
        plane.path("stub", probe)


def test_the_shortest_way_to_a_link_is_to_its_nearer_end() -> None:
    plan = compiled("""
name: chain
as: {isp: {asn: 64501, interior: chain, routers: [r-1, r-2, r-3]}}
""")
    plane, far = ForwardingPlane(plan), plan.nodes["r-3"].interfaces[0].addresses[0].ip
    assert names(plane.path("r-1", far)) == ["r-1", "r-2", "r-3"]
    near = plan.nodes["r-2"].interface("eth1").addresses[0].ip
    assert names(plane.path("r-1", near)) == ["r-1", "r-2"]


def test_a_host_without_a_link_has_no_route() -> None:
    plan = compiled("name: lost\nas: {isp: {asn: 64501}}\nnodes: {host: {role: host}}\n")
    with pytest.raises(NoPath, match="host has no route to"):
        way(plan, "host", "isp")


# ── side by side ──────────────────────────────────────────────────────────────


def diamond(*, ecmp: bool = True) -> Drawing:
    """From ``a`` to ``d`` over ``b``, over ``c``, and over a second link to ``b``."""
    drawing = Drawing()
    for name in "abcd":
        drawing.router(name, 1, ecmp=ecmp)
    for one, other in ("ab", "ac", "bd", "cd"):
        drawing.interior(one, other)
    drawing.interior("a", "b")
    drawing.mesh(*"abcd")
    return drawing


@pytest.mark.parametrize("family", FAMILIES)
def test_all_ways_of_equal_cost_are_found(family: Family) -> None:
    plan = diamond().plan()
    plane, target = ForwardingPlane(plan), address_of(plan.nodes["d"], family)
    found = plane.paths("a", target)
    assert [names(hops) for hops in found] == [list("abd"), list("abd"), list("acd")]
    assert [hops[0].link.name for hops in found] == ["a--b", "a--b-5", "a--c"]
    assert plane.path("a", target) == found[0]
    assert len(plane.paths("a", target, most=2)) == 2
    assert [step[0].receiver for step in plane.next_hops("a", target)] == ["b", "b", "c"]


def test_without_ecmp_there_is_one_way() -> None:
    plan = diamond(ecmp=False).plan()
    assert len(ForwardingPlane(plan).paths("a", address_of(plan.nodes["d"]))) == 1


def test_without_ecmp_the_way_is_the_one_that_bird_takes() -> None:
    """Of routers as near the one found last is looked at first: ``c``, behind the second port.
    Of two links to one router the first is taken."""
    plan = diamond(ecmp=False).plan()
    plane = ForwardingPlane(plan)
    for family in FAMILIES:
        assert names(plane.path("a", address_of(plan.nodes["d"], family))) == list("acd")
        [step] = plane.next_hops("a", address_of(plan.nodes["b"], family))
        assert step[0].link.name == "a--b"
        # A link's prefix, which two routers have: by the higher router id.
        far = plan.links["b--d"]
        network = plan.nodes["b"].interface(far.a.interface).addresses[0].network
        [step] = plane.next_hops("c", network.network_address)
        assert step[0].receiver == "d"


def test_equal_exits_are_used_side_by_side() -> None:
    """``d`` hears of AS 2 from ``b`` and from ``c``, which are as far."""
    drawing = diamond()
    drawing.router("goal", 2)
    drawing.outside("b", "goal", "peer")
    drawing.outside("c", "goal", "peer")
    plan = drawing.plan()
    found = ForwardingPlane(plan).paths("d", address_of(plan.nodes["goal"]))
    assert [names(hops) for hops in found] == [["d", "b", "goal"], ["d", "c", "goal"]]


def test_behind_a_route_server_the_member_is_the_next_hop() -> None:
    drawing = Drawing()
    drawing.router("one", 1)
    drawing.router("two", 2)
    drawing.route_server("rs", 65000)
    drawing.exchange("ix", "one two rs")
    drawing.meet("rs", "one", "ix")
    drawing.meet("rs", "two", "ix")
    plan = drawing.plan()
    for address in plan.nodes["two"].loopbacks:
        assert names(ForwardingPlane(plan).path("one", address)) == ["one", "ix", "two"]


# ── anycast ───────────────────────────────────────────────────────────────────


def anycast(address: str) -> tuple[Plan, AnycastService]:
    """Instances at both ends of a chain of routers, and a neighbour in the middle."""
    drawing = Drawing()
    drawing.routers(1, "west middle east")
    drawing.interior("west", "middle", 10)
    drawing.interior("middle", "east", 20)
    drawing.mesh("west", "middle", "east")
    drawing.anycast("at-west", 1, "west", address)
    drawing.anycast("at-east", 1, "east", address)
    drawing.router("neighbour", 2)
    drawing.outside("neighbour", "east", "peer")
    shared = ip_address(address)
    service = AnycastService("dns", 1, (), (shared,), ("at-west", "at-east"))
    return drawing.plan(), service


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::9"])
def test_the_nearest_instance_answers(address: str) -> None:
    plan, service = anycast(address)
    plane, family = ForwardingPlane(plan), service.addresses[0].version
    assert catchment(plane, service, family) == {
        "west": "at-west",
        "middle": "at-west",
        "east": "at-east",
        "neighbour": "at-east",
    }
    assert names(plane.path("middle", service.addresses[0])) == ["middle", "west", "at-west"]
    assert plane.path("at-west", service.addresses[0]) == []


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::9"])
def test_an_instance_answers_by_its_default_route(address: str) -> None:
    plan, service = anycast(address)
    plane = ForwardingPlane(plan)
    back = address_of(plan.nodes["east"], service.addresses[0].version)
    assert names(plane.path("at-west", back)) == ["at-west", "west", "middle", "east"]
    assert round_trip_ms(plane, "east", service.addresses[0]) == 0


def test_a_path_without_a_way_back_is_found_out() -> None:
    """``us`` is told to no farther than ``far``: what lies behind that has no route to it."""
    drawing = Drawing()
    for asn, name in enumerate(("us", "far", "beyond"), 1):
        drawing.router(name, asn)
    drawing.outside("us", "far", "provider", BgpPolicy(no_export=True))
    drawing.outside("beyond", "far", "provider")
    plan = drawing.plan()
    plane, target = ForwardingPlane(plan), address_of(plan.nodes["beyond"])
    assert names(plane.path("us", target)) == ["us", "far", "beyond"]
    with pytest.raises(NoPath, match="beyond has no route to"):
        way_back(plane, "us", target)
    assert names(way_back(plane, "us", address_of(plan.nodes["far"]))) == ["far", "us"]
