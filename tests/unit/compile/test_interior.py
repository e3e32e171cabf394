"""The inside of an AS: which routers are joined by links, and which by iBGP."""

from __future__ import annotations

from itertools import combinations

import pytest

from orchestrator.plan.model import Plan
from orchestrator.plan.routing import Bfd, BgpSession, RouterSettings
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.test_relations import sessions_of
from tests.unit.compile.texts import compiled

LARGEST_MESH = 4


def ibgp(plan: Plan, router: str) -> list[BgpSession]:
    """A router's sessions with other routers of its AS, of IPv4."""
    return [
        session
        for session in sessions_of(plan.nodes[router])
        if session.relation == "internal"
        and session.family == 4
        and not plan.nodes[session.neighbour_node].speaker
    ]


def clients(plan: Plan, router: str) -> set[str]:
    """Whom a router reflects routes to."""
    return {session.neighbour_node for session in ibgp(plan, router) if session.client}


def inner_links(plan: Plan) -> set[str]:
    routers = {r for system in plan.systems.values() for r in system.routers}
    return {link.name for link in plan.links.values() if {link.a.node, link.b.node} <= routers}


# ── iBGP ──────────────────────────────────────────────────────────────────────


def hearers(plan: Plan, origin: str) -> set[str]:
    """Who hears what a router tells, over iBGP alone (RFC 4456, 6): what comes from a client goes
    to all, what comes from another goes to clients."""
    heard, waiting = set[tuple[str, bool]](), [(origin, True)]
    while waiting:
        here, for_all = waiting.pop()
        for session in ibgp(plan, here):
            there = session.neighbour_node
            step = there, here in clients(plan, there)
            if (for_all or session.client) and step not in heard:
                heard.add(step)
                waiting.append(step)
    return {name for name, _ in heard} | {origin}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_router_hears_of_every_other(case: Case) -> None:
    plan = plan_of(case)
    for system in plan.systems.values():
        for router in system.routers:
            assert hearers(plan, router) == set(system.routers)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_small_systems_are_a_full_mesh_without_clients(case: Case) -> None:
    plan = plan_of(case)
    for system in plan.systems.values():
        if len(system.routers) <= LARGEST_MESH:
            for router in system.routers:
                inside = {session.neighbour_node for session in ibgp(plan, router)}
                assert inside == set(system.routers) - {router}
                assert clients(plan, router) == set()


def test_reflectors_are_the_first_two_of_the_highest_tier() -> None:
    plan = plan_of(next(case for case in CASES if case.name == "internet"))
    routers = next(s for s in plan.systems.values() if s.name == "alder").routers
    reflectors = {router for router in routers if clients(plan, router)}
    assert reflectors == {"alder-core", "alder-edge"}
    for router in routers:
        assert clients(plan, router) in (set(), set(routers) - reflectors)
        inside = {session.neighbour_node for session in ibgp(plan, router)}
        assert inside == (set(routers) if router in reflectors else reflectors) - {router}


SIX = "name: x\nas: {{a: {{asn: 64501, routers: [r1, r2, r3, r4, r5, r6], {}}}}}\n"


@pytest.mark.parametrize(
    ("written", "reflectors"),
    [
        ("interior: ring", {"r1", "r2"}),
        ("reflectors: [r5]", {"r5"}),
        ("reflectors: [r2, r4, r6]", {"r2", "r4", "r6"}),
        ("reflectors: []", set()),
    ],
)
def test_reflectors_by_hand(written: str, reflectors: set[str]) -> None:
    plan = compiled(SIX.format(written))
    others = {f"r{n}" for n in range(1, 7)} - reflectors
    for router in (*reflectors, *others):
        inside = {session.neighbour_node for session in ibgp(plan, router)}
        assert inside == (reflectors or others) - {router} | clients(plan, router)
        assert clients(plan, router) == (others if router in reflectors else set())


# ── links ─────────────────────────────────────────────────────────────────────

TIERED = """
name: x
as:
  isp:
    asn: 64501
    routers:
      acc1: {at: Berlin, tier: access}
      acc2: {at: Berlin, tier: access}
      acc3: {at: Vienna, tier: access}
      agg1: {at: Berlin, tier: aggregation}
      agg2: {at: Berlin, tier: aggregation}
      agg3: {at: Vienna, tier: aggregation}
      bb1: {at: Frankfurt}
      bb2: {at: Amsterdam}
      bb3: {at: London}
"""


def test_tiers_are_joined_to_the_two_nearest_above() -> None:
    """In pairs where two are in one place; a tier that nobody is in is passed over. The first that
    is listed goes before others as near."""
    assert inner_links(compiled(TIERED)) == {
        *("acc1--acc2", "agg1--agg2"),
        *("acc1--agg1", "acc1--agg2", "acc2--agg1", "acc2--agg2", "acc3--agg1", "acc3--agg3"),
        *("agg1--bb1", "agg1--bb2", "agg2--bb1", "agg2--bb2", "agg3--bb1", "agg3--bb2"),
        *("bb1--bb2", "bb2--bb3", "bb3--bb1"),
    }


@pytest.mark.parametrize(
    ("tiers", "links"),
    [
        ("b1: {tier: backbone}, a1: {tier: access}", {"a1--b1"}),
        ("a1: {tier: access}, a2: {tier: access}", {"a1--a2"}),
        ("b1: {tier: backbone}, b2: , b3: {tier: backbone}", {"b1--b2", "b2--b3", "b3--b1"}),
        ("r1: {tier: regional}, b1: , b2: , b3: ", {"r1--b1", "r1--b2"}),
    ],
)
def test_tiers_of_every_size(tiers: str, links: set[str]) -> None:
    plan = compiled(f"name: x\nas: {{isp: {{asn: 64501, routers: {{{tiers}}}}}}}\n")
    assert links <= inner_links(plan)
    assert all(link in links or link.startswith("b") for link in inner_links(plan))


@pytest.mark.parametrize(
    ("interior", "links"),
    [
        ("ring", {"r1--r2", "r2--r3", "r3--r4", "r4--r5", "r5--r6", "r6--r1"}),
        ("chain", {"r1--r2", "r2--r3", "r3--r4", "r4--r5", "r5--r6"}),
        ("mesh", {f"r{a}--r{b}" for a, b in combinations(range(1, 7), 2)}),
    ],
)
def test_other_shapes(interior: str, links: set[str]) -> None:
    assert inner_links(compiled(SIX.format(f"interior: {interior}"))) == links


# ── timers ────────────────────────────────────────────────────────────────────


def test_failures_inside_are_found_as_the_as_or_the_lab_says() -> None:
    own = compiled(SIX.format("bfd: {interval: 50 ms, multiplier: 4}"))
    lab = compiled("routing: {bfd: true}\n" + SIX.format("interior: ring"))
    off = compiled("routing: {bfd: true}\n" + SIX.format("bfd: false"))
    for plan, bfd in ((own, Bfd(50, 4)), (lab, Bfd(300, 3)), (off, None)):
        settings = plan.nodes["r1"].settings
        assert isinstance(settings, RouterSettings)
        assert {port.bfd for port in settings.ospf if not port.stub} == {bfd}
        # iBGP follows OSPF: a session between loopbacks outlives any one path.
        assert all(session.bfd is None for session in ibgp(plan, "r1"))
