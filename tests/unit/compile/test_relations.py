"""Relations: both ends agree on what they are to each other."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from orchestrator.compile.relations import session_name
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.plan.services import BgpSession, RouterSettings
from tests.golden.cases import CASES, Case, plan_of

OPPOSITE = {
    "customer": "provider",
    "provider": "customer",
    "peer": "peer",
    "internal": "internal",
}


def sessions(plan: Plan) -> list[tuple[str, RouterSettings, BgpSession]]:
    return [
        (node.name, node.settings, session)
        for node in plan.nodes.values()
        if isinstance(node.settings, RouterSettings)
        for session in node.settings.sessions
    ]


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
    plan = plan_of(case)
    mirrored = {
        (name, session.neighbour_node, session.local, session.neighbour, session.relation)
        for name, _, session in sessions(plan)
    }
    assert len(mirrored) == len(sessions(plan))
    for name, node, local, neighbour, relation in mirrored:
        assert (node, name, neighbour, local, OPPOSITE[relation]) in mirrored


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sessions_are_as_the_systems_are_related(case: Case) -> None:
    plan = plan_of(case)
    for name, settings, session in sessions(plan):
        system, asn = plan.systems[settings.asn], session.neighbour_asn
        kinds = {"customer": system.customers, "provider": system.providers, "peer": system.peers}
        assert asn in kinds.get(session.relation, (system.asn,)), (name, session)
        assert plan.nodes[session.neighbour_node].asn == asn


@pytest.mark.parametrize("case", CASES, ids=str)
def test_external_sessions_are_over_a_shared_prefix(case: Case) -> None:
    plan = plan_of(case)
    for name, _, session in sessions(plan):
        if session.relation != "internal":
            port = next(p for p in plan.nodes[name].interfaces if p.address == session.local)
            assert session.neighbour in port.addresses[0].network


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_as_is_a_full_mesh_inside(case: Case) -> None:
    plan = plan_of(case)
    for system in plan.systems.values():
        for router in system.routers:
            inside = {
                session.neighbour_node
                for name, _, session in sessions(plan)
                if (name, session.relation) == (router, "internal")
            }
            assert inside == set(system.routers) - {router}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_session_names_are_symbols_of_bird_and_unique(case: Case) -> None:
    plan = plan_of(case)
    for router in plan.with_role("router"):
        names = [session.name for name, _, session in sessions(plan) if name == router.name]
        assert len(set(names)) == len(names)
        assert all(name.isidentifier() and len(name) <= 64 for name in names)


def test_names_that_would_be_the_same_are_numbered() -> None:
    def add(via: str, neighbour: str) -> str:
        address = IPv4Address("198.18.0.1")
        name = session_name(made, via, neighbour)
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


def plan_from(text: str, folder: Path) -> Plan:
    path = folder / "lab.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


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
def test_a_relation_written_from_both_sides_is_one_link(
    a: str, b: str, links: int, tmp_path: Path
) -> None:
    plan = plan_from(PAIR.format(a, b), tmp_path)
    between = [
        link for link in plan.links.values() if {link.a.node[0], link.b.node[0]} == {"a", "b"}
    ]
    assert len(between) == links


def test_no_free_transit_at_an_exchange(tmp_path: Path) -> None:
    """A provider and its customer meet at an exchange: they do not peer there."""
    plan = plan_from(
        PAIR.format(", providers: [b]", "") + "ixps:\n  ix: {members: [a, b]}\n", tmp_path
    )
    assert plan.systems[64501].peers == ()
    assert all(s.relation in ("customer", "provider", "internal") for _, _, s in sessions(plan))
