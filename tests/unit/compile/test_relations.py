"""Relations: both ends agree on what they are to each other."""

from __future__ import annotations

import dataclasses
from collections import Counter
from ipaddress import IPv4Address

import pytest

from orchestrator.compile.sessions import session_name
from orchestrator.plan.addresses import FAMILIES, holds
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession, RouterSettings, RouteServerSettings
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.texts import compiled

OPPOSITE = {
    "customer": "provider",
    "provider": "customer",
    "peer": "peer",
    "member": "peer",
    "internal": "internal",
}
LONGEST_SYMBOL = 64  # what BIRD takes for a name

Sessions = list[tuple[Node, BgpSession]]


def sessions(plan: Plan) -> Sessions:
    """Every session of a plan, as the node at its near end has it."""
    return [(node, session) for node in plan.nodes.values() for session in sessions_of(node)]


def sessions_of(node: Node) -> tuple[BgpSession, ...]:
    """Those of one node: a router, a route server, or a server that announces itself."""
    if isinstance(node.settings, RouterSettings | RouteServerSettings):
        return node.settings.sessions
    return node.speaker.sessions if node.speaker else ()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_systems_know_each_other(case: Case) -> None:
    systems = plan_of(case).systems
    for asn, system in systems.items():
        assert all(asn in systems[other].customers for other in system.providers)
        assert all(asn in systems[other].providers for other in system.customers)
        assert all(asn in systems[other].peers for other in system.peers)
        related = Counter((*system.providers, *system.peers, *system.customers))
        assert not related or max(related.values()) == 1


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_session_has_its_other_side(case: Case) -> None:
    """The same two addresses swapped, the opposite relation, and timers that agree."""
    plan = plan_of(case)
    sides = {(node.name, s.local, s.neighbour): s for node, s in sessions(plan)}
    assert len(sides) == len(sessions(plan))
    for (name, local, neighbour), session in sides.items():
        other = sides[session.neighbour_node, neighbour, local]
        assert other.neighbour_node == name
        assert other.neighbour_asn == plan.nodes[name].asn
        opposite = OPPOSITE[session.relation]
        assert other.relation == opposite or (opposite, other.relation) == ("peer", "member")
        assert (other.bfd, other.hold_s) == (session.bfd, session.hold_s)
        assert not (session.client and other.client)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_there_is_a_session_for_each_family(case: Case) -> None:
    """The same but for the addresses and the name: whoever speaks one family speaks the other."""
    plan = plan_of(case)
    for node in plan.nodes.values():
        v4, v6 = ([s for s in sessions_of(node) if s.family == family] for family in FAMILIES)
        assert [_unaddressed(session) for session in v4] == [_unaddressed(s) for s in v6]
        assert all(session.local.version == session.family for session in (*v4, *v6))


def _unaddressed(session: BgpSession) -> BgpSession:
    nowhere = IPv4Address(0)
    return dataclasses.replace(session, name="", local=nowhere, neighbour=nowhere)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sessions_are_as_the_systems_are_related(case: Case) -> None:
    plan = plan_of(case)
    for node, session in sessions(plan):
        assert node.asn is not None
        assert plan.nodes[session.neighbour_node].asn == session.neighbour_asn
        if session.relation == "internal":
            assert session.neighbour_asn == node.asn
        elif session.relation != "member" and not session.route_server:
            system = plan.systems[node.asn]
            kinds = {
                "customer": system.customers,
                "provider": system.providers,
                "peer": system.peers,
            }
            assert session.neighbour_asn in kinds[session.relation], (node.name, session)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_route_server_is_met_as_one(case: Case) -> None:
    """It speaks to members only, they are its peers, and its ASN is nobody's."""
    plan = plan_of(case)
    for node, session in sessions(plan):
        assert (session.relation == "member") == (node.role == "routeserver")
        is_server = plan.nodes[session.neighbour_node].role == "routeserver"
        assert session.route_server == is_server
        assert not is_server or session.relation == "peer"
    servers = [node.asn for node in plan.with_role("routeserver")]
    assert len({*servers, *plan.systems}) == len(servers) + len(plan.systems)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_external_sessions_are_over_a_shared_prefix(case: Case) -> None:
    plan = plan_of(case)
    for node, session in sessions(plan):
        if session.relation != "internal":
            entries = [entry for port in node.interfaces for entry in port.addresses]
            (near,) = (entry for entry in entries if entry.ip == session.local)
            assert holds(near.network, session.neighbour)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_internal_sessions_of_routers_are_between_loopbacks(case: Case) -> None:
    """They live as long as there is a way; a speaker's lives as long as its link."""
    plan = plan_of(case)
    for node, session in sessions(plan):
        there = plan.nodes[session.neighbour_node]
        if session.relation == "internal" and node.loopbacks and there.loopbacks:
            assert session.local in node.loopbacks
            assert session.neighbour in there.loopbacks


@pytest.mark.parametrize("case", CASES, ids=str)
def test_session_names_are_symbols_of_bird_and_unique(case: Case) -> None:
    for node in plan_of(case).nodes.values():
        names = [session.name for session in sessions_of(node)]
        assert len(set(names)) == len(names)
        assert all(name.isidentifier() and len(name) <= LONGEST_SYMBOL for name in names)
        assert [name.endswith("_v6") for name in names] == [
            session.family == 6 for session in sessions_of(node)
        ]


def test_names_that_would_be_the_same_are_numbered() -> None:
    def add(via: str, neighbour: str, suffix: str = "") -> str:
        address = IPv4Address("198.18.0.1")
        name = session_name(made, via, neighbour, suffix)
        made.append(BgpSession(name, "peer", address, address, 64501, neighbour))
        return name

    made: list[BgpSession] = []
    assert [add("to", "a-b"), add("to-a", "b"), add("to", "a--b")] == [
        "to_a_b",
        "to_a_b_2",
        "to_a__b",
    ]
    assert [add("to", "x" * 63), add("to", "x" * 62 + "y")] == [
        "to_" + "x" * 61,
        "to_" + "x" * 57 + "_2",
    ]
    assert add("1ix", "a") == "_1ix_a"
    assert [add("to", "x" * 63, "_v6"), add("to", "x" * 62 + "y", "_v6")] == [
        "to_" + "x" * 58 + "_v6",
        "to_" + "x" * 54 + "_2_v6",
    ]


PAIR = """
name: lab
as:
  a: {{asn: 64501, routers: [a1, a2]{0}}}
  b: {{asn: 64502, routers: [b1, b2]{1}}}
"""


@pytest.mark.parametrize(
    ("a", "b", "links"),
    [
        (", peers: [b]", "", 1),
        (", peers: [b]", ", peers: [a]", 1),
        (", peers: [{as: b, here: a1}, {as: b, here: a2}]", "", 2),
        (", peers: [{as: b, here: a1}]", ", peers: [{as: a, there: a2}]", 2),
        (", peers: [{as: b, here: a1, there: b2}]", ", peers: [{as: a, here: b2, there: a1}]", 1),
        (", providers: [{as: b, here: a1}, {as: b, here: a2}]", "", 2),
    ],
)
def test_a_relation_written_from_both_sides_is_one_link(a: str, b: str, links: int) -> None:
    plan = compiled(PAIR.format(a, b))
    between = [
        link for link in plan.links.values() if {link.a.node[0], link.b.node[0]} == {"a", "b"}
    ]
    assert len(between) == links


def test_no_free_transit_at_an_exchange() -> None:
    """A provider and its customer meet at an exchange: they do not peer there."""
    plan = compiled(PAIR.format(", providers: [b]", "") + "ixps:\n  ix: {members: [a, b]}\n")
    assert plan.systems[64501].peers == ()
    assert all(s.relation in ("customer", "provider", "internal") for _, s in sessions(plan))
