"""What routers announce, what they refuse to hear, and what the cache of ROAs says of both."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from orchestrator.plan.addresses import Prefix, overlap, within
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import Origin, Roa, RouterSettings, RpkiSettings
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.texts import compiled

BY_NAME = {case.name: plan_of(case) for case in CASES}
HIJACK, POLICY = BY_NAME["hijack"], BY_NAME["policy"]
each_plan = pytest.mark.parametrize("case", CASES, ids=str)


def routers(plan: Plan) -> list[tuple[Node, RouterSettings]]:
    """Every router, and what it is told."""
    nodes = plan.nodes.values()
    return [(node, node.settings) for node in nodes if isinstance(node.settings, RouterSettings)]


def origins(plan: Plan) -> list[tuple[int, Origin]]:
    """Everything that is announced, with the AS that announces it."""
    return [(s.asn, origin) for _, s in routers(plan) for origin in s.originated]


def roas(plan: Plan) -> tuple[Roa, ...]:
    settings = plan.nodes["rpki"].settings
    assert isinstance(settings, RpkiSettings)
    return settings.roas


def is_invalid(plan: Plan, asn: int, prefix: Prefix) -> bool:
    """By origin validation (RFC 6811): covered, and by none of the covering ROAs allowed."""
    covering = [roa for roa in roas(plan) if within(prefix, roa.prefix)]
    fitting = [r for r in covering if r.asn == asn and prefix.prefixlen <= r.max_length]
    return bool(covering) and not fitting


# ── announced ─────────────────────────────────────────────────────────────────


@each_plan
def test_every_router_announces_the_prefixes_of_its_as(case: Case) -> None:
    plan = plan_of(case)
    for _, settings in routers(plan):
        announced = [origin.prefix for origin in settings.originated]
        assert tuple(announced[:2]) == plan.systems[settings.asn].prefixes


@each_plan
def test_every_router_can_tell_what_is_its_own(case: Case) -> None:
    """What its AS alone has it believes nobody outside; what it steals is not its own."""
    plan = plan_of(case)
    shared = {p for s in plan.anycast.values() for p in s.prefixes}
    for _, settings in routers(plan):
        own = plan.systems[settings.asn].prefixes
        assert settings.own[: len(own)] == own
        mine = {p for s in plan.anycast.values() if s.asn == settings.asn for p in s.prefixes}
        assert shared & set(settings.own) == mine
        assert not any(o.hijack and o.prefix in settings.own for o in settings.originated)


def test_prefixes_beside_its_own_are_announced_where_they_are_written() -> None:
    common, here = ip_network("203.0.113.0/24"), ip_network("198.51.100.0/24")
    told = {node.name: {o.prefix for o in s.originated} for node, s in routers(POLICY)}
    assert {name for name, prefixes in told.items() if common in prefixes} == {
        *("rim-a", "rim-b", "leaf-b")
    }
    assert {name for name, prefixes in told.items() if here in prefixes} == {"leaf-a", "leaf-b"}
    refused = {node.name: set(s.own) for node, s in routers(POLICY)}
    assert here in refused["leaf-a"]
    assert here not in refused["rim-a"]
    # Two have it: what one hears of it from the other is as good as its own.
    assert not any(common in prefixes for prefixes in refused.values())


def test_a_hijack_comes_from_the_first_router_only() -> None:
    plan = compiled("""
name: x
as:
  victim: {asn: 64501, prefix: 198.18.64.0/22, providers: [shady]}
  shady: {asn: 64502, routers: [s1, s2], hijacks: [198.18.64.0/24]}
""")
    stolen = [(n.name, o.prefix) for n, s in routers(plan) for o in s.originated if o.hijack]
    assert stolen == [("s1", ip_network("198.18.64.0/24"))]


@each_plan
def test_no_bogon_is_announced_by_anybody(case: Case) -> None:
    plan = plan_of(case)
    shared = [p for s in plan.anycast.values() for p in s.prefixes]
    announced = [*shared, *(origin.prefix for _, origin in origins(plan))]
    filters = {settings.bogons for _, settings in routers(plan)}
    assert len(filters) == 1
    (bogons,) = filters
    assert not any(overlap(bogon, prefix) for bogon in bogons for prefix in announced)
    assert {bogon.version for bogon in bogons} == {4, 6}
    assert ip_network("127.0.0.0/8") in bogons
    assert ip_network("fe80::/10") in bogons


# ── authorised ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["internet", "hijack", "policy"])
def test_roas_cover_what_is_rightful_and_nothing_else(name: str) -> None:
    plan = BY_NAME[name]
    shared = [(s.asn, p) for s in plan.anycast.values() for p in s.prefixes]
    rightful = [*shared, *((asn, o.prefix) for asn, o in origins(plan) if not o.hijack)]
    for asn, prefix in rightful:
        assert Roa(prefix, prefix.prefixlen, asn) in roas(plan)
    stolen = [(asn, o.prefix) for asn, o in origins(plan) if o.hijack]
    assert all(is_invalid(plan, *entry) for entry in stolen)
    assert not any(is_invalid(plan, *entry) for entry in rightful)
    assert len(set(roas(plan))) == len(roas(plan))


def test_a_shipped_lab_has_a_hijack_of_each_family() -> None:
    """A half of what the bank has, and so the more specific route."""
    stolen = [(asn, o.prefix) for asn, o in origins(HIJACK) if o.hijack]
    halves = tuple(prefix.supernet() for _, prefix in stolen)
    assert halves == HIJACK.systems[64520].prefixes
    assert {asn for asn, _ in stolen} == {64530}


def test_a_prefix_that_two_share_has_a_roa_for_each() -> None:
    common = ip_network("203.0.113.0/24")
    assert {roa.asn for roa in roas(POLICY) if roa.prefix == common} == {64511, 64512}


def test_roas_by_hand_are_as_written() -> None:
    assert Roa(ip_network("192.0.2.0/24"), 26, 64511) in roas(POLICY)


@pytest.mark.parametrize(
    ("lab", "a", "b", "asking"),
    [
        ("ignore", "", "", set()),
        ("validate", "", "", {"a", "b"}),
        ("validate", "", ", rpki: ignore", {"a"}),
        ("ignore", ", rpki: validate", "", {"a"}),
    ],
)
def test_routers_that_validate_know_the_cache(lab: str, a: str, b: str, asking: set[str]) -> None:
    plan = compiled(f"""
name: x
routing: {{rpki: {lab}}}
as: {{a: {{asn: 64501 {a}}}, b: {{asn: 64502, providers: [a] {b}}}}}
rpki: {{as: a}}
""")
    assert {node.name for node, settings in routers(plan) if settings.rtr} == asking
    cache = plan.nodes["rpki"]
    assert {
        (server.node, server.address) for _, settings in routers(plan) for server in settings.rtr
    } <= {(cache.name, cache.address)}
