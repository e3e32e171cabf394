"""Where packets go in a plan, and how long they take there and back."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import pairwise

import pytest

from orchestrator.plan.forwarding import ForwardingPlane, Hop, NoPath, round_trip_ms
from orchestrator.plan.model import Node, Plan
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.texts import compiled

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


def address_of(node: Node) -> IPv4Address:
    """The address others reach a node by; a host at home has the one it will be leased."""
    lease: IPv4Address | None = getattr(node.settings, "lease", None)
    return lease or node.address


def names(hops: list[Hop]) -> list[str]:
    return [hops[0].sender, *(hop.receiver for hop in hops)] if hops else []


def way(plan: Plan, source: str, target: str) -> list[str]:
    return names(ForwardingPlane(plan).path(source, address_of(plan.nodes[target])))


def back_and_forth(plan: Plan, source: str, target: str) -> float:
    return round_trip_ms(ForwardingPlane(plan), source, address_of(plan.nodes[target]))


def paths(plan: Plan) -> Iterator[tuple[Node, Node, list[Hop]]]:
    """All paths that there are between two nodes."""
    plane = ForwardingPlane(plan)
    for source in plan.nodes.values():
        for target in plan.nodes.values():
            if target.interfaces:
                try:
                    yield source, target, plane.path(source.name, address_of(target))
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
    reached = {(source.name, target.name) for source, target, _ in paths(plan)}
    for host in (node for node in plan.with_role("host") if node.interfaces):
        for server in plan.with_role("nameserver", "resolver", "edge", "balancer"):
            assert (host.name, server.name) in reached


@each_plan
def test_a_round_trip_takes_the_same_from_both_ends(case: Case) -> None:
    """Between nodes outside of homes; behind NAT nobody can start from the other end."""
    plan = plan_of(case)
    plane, known = ForwardingPlane(plan), plan.with_role("router", "edge", "nameserver", "balancer")
    for one in known:
        for other in known:
            there = round_trip_ms(plane, one.name, other.address)
            assert round_trip_ms(plane, other.name, one.address) == pytest.approx(there)


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


def test_one_home_reaches_the_gateway_of_another() -> None:
    plan = compiled(HOMES)
    assert way(plan, "pc", "other-gw") == ["pc", "home-lan", "home-gw", "core", "far", "other-gw"]
    assert back_and_forth(plan, "pc", "other-gw") == 4 + 32 + 2 + 1 + 16 + 8


def test_to_itself_there_is_nothing_to_cross() -> None:
    plan = compiled(HOMES)
    assert back_and_forth(plan, "pc", "pc") == 0
    assert back_and_forth(plan, "core", "core") == 0


# ── routers and exchanges ─────────────────────────────────────────────────────


def test_the_way_back_may_be_another() -> None:
    """Each AS hands over in its own city: west's long line is never crossed, east's both ways."""
    plan = compiled(HOT_POTATO)
    assert way(plan, "alice", "bob") == ["alice", "w-lon", "e-lon", "e-nyc", "bob"]
    assert way(plan, "bob", "alice") == ["bob", "e-nyc", "w-nyc", "w-lon", "alice"]
    assert back_and_forth(plan, "alice", "bob") == 10 + 100
    assert back_and_forth(plan, "bob", "alice") == 10 + 100


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
        ("198.18.3.77", "nobody in the AS has 198.18.3.77"),
        ("198.19.255.200", "nobody on one--ix has 198.19.255.200"),
    ],
)
def test_where_a_path_ends_is_said(target: str, reason: str) -> None:
    with pytest.raises(NoPath) as caught:
        ForwardingPlane(compiled(EXCHANGE)).path("one", IPv4Address(target))
    assert str(caught.value) == reason


def test_what_is_drawn_by_hand_is_known_inside_its_as() -> None:
    """172.20.0.0/24 is nobody's to announce, but OSPF has it; the neighbour AS has not."""
    plan = plan_of(next(case for case in CASES if case.name == "by-hand"))
    plane, probe = ForwardingPlane(plan), plan.nodes["probe"].interface("up0").address
    assert names(plane.path("core-2", probe))[-2:] == ["annex", "probe"]
    with pytest.raises(NoPath, match="no AS announces"):
        plane.path("stub", probe)


def test_the_shortest_way_to_a_link_is_to_its_nearer_end() -> None:
    plan = compiled("""
name: chain
as: {isp: {asn: 64501, interior: chain, routers: [r-1, r-2, r-3]}}
""")
    plane, far = ForwardingPlane(plan), plan.nodes["r-3"].interfaces[0].address
    assert names(plane.path("r-1", far)) == ["r-1", "r-2", "r-3"]
    near = plan.nodes["r-2"].interface("eth1").address
    assert names(plane.path("r-1", near)) == ["r-1", "r-2"]


def test_a_host_without_a_link_has_no_route() -> None:
    plan = compiled("name: lost\nas: {isp: {asn: 64501}}\nnodes: {host: {role: host}}\n")
    with pytest.raises(NoPath, match="host has no route to"):
        way(plan, "host", "isp")
