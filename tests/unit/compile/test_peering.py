"""Who peers with whom at an exchange: over its route server, by sessions of their own, or both.

Not called test_exchanges.py because spec has one, and pytest wants names once.
"""

from __future__ import annotations

import pytest

from orchestrator.errors import PlanError
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import Bfd, BgpPolicy, BgpSession, RouteServerSettings
from tests.golden.cases import CASES, plan_of
from tests.unit.compile.test_relations import sessions_of
from tests.unit.compile.texts import compiled

POLICY = plan_of(next(case for case in CASES if case.name == "policy"))

THREE = """
name: x
as: {{a: {{asn: 64501}}, b: {{asn: 64502}}, c: {{asn: 64503 {}}}}}
ixps: {{ix: {{route_server: {}, members: [{}]}}}}
"""


def peers(plan: Plan, router: str) -> list[str]:
    """Whom a router has sessions with at exchanges, by IPv4."""
    sessions = sessions_of(plan.nodes[router])
    return [s.neighbour_node for s in sessions if s.relation == "peer" and s.family == 4]


def session(plan: Plan, node: str, other: str, family: int = 4) -> BgpSession:
    """The only session of a node with another."""
    (found,) = (
        s for s in sessions_of(plan.nodes[node]) if (s.neighbour_node, s.family) == (other, family)
    )
    return found


@pytest.mark.parametrize(
    ("server", "members", "of_a", "of_b", "of_c"),
    [
        ("false", "a, b, c", ["b", "c"], ["a", "c"], ["a", "b"]),
        ("true", "a, b, c", ["ix-rs"], ["ix-rs"], ["ix-rs"]),
        ("true", "a, {as: b, peering: both}, c", ["ix-rs"], ["ix-rs"], ["ix-rs"]),
        (
            "true",
            "{as: a, peering: both}, {as: b, peering: both}, c",
            ["b", "ix-rs"],
            ["a", "ix-rs"],
            ["ix-rs"],
        ),
        (
            "true",
            "{as: a, peering: both}, {as: b, peering: bilateral}, c",
            ["b", "ix-rs"],
            ["a"],
            ["ix-rs"],
        ),
        (
            "true",
            "{as: a, peering: route-server}, {as: b, peering: bilateral}, c",
            ["ix-rs"],
            [],
            ["ix-rs"],
        ),
    ],
)
def test_members_choose_how_they_peer(
    server: str, members: str, of_a: list[str], of_b: list[str], of_c: list[str]
) -> None:
    plan = compiled(THREE.format("", server, members))
    assert [peers(plan, router) for router in "abc"] == [of_a, of_b, of_c]


def test_a_peering_over_an_exchange_goes_before_the_members_choice() -> None:
    plan = compiled(THREE.format(", peers: [{as: a, via: ix}]", "true", "a, b, c"))
    assert [peers(plan, router) for router in "abc"] == [["c", "ix-rs"], ["ix-rs"], ["a", "ix-rs"]]
    assert plan.systems[64501].peers == (64502, 64503)


def test_members_of_a_route_server_are_peers_of_each_other() -> None:
    plan = compiled(THREE.format("", "true", "a, {as: b, peering: bilateral}, c"))
    assert [plan.systems[asn].peers for asn in (64501, 64502, 64503)] == [(64503,), (), (64501,)]


def test_a_route_server_stands_at_the_top_of_the_lan() -> None:
    plan = compiled(THREE.format("", "true", "a, b, c"))
    server, switch = plan.nodes["ix-rs"], plan.switches["ix"]
    assert [str(a) for a in server.addresses] == [str(p[254]) for p in switch.prefixes]
    settings = server.settings
    assert isinstance(settings, RouteServerSettings)
    assert len(settings.sessions) == 3 * 2
    assert {s.relation for s in settings.sessions} == {"member"}


def test_a_route_server_without_an_asn_is_given_a_private_one() -> None:
    """From the top, and none that is somebody's already."""
    plan = compiled("""
name: x
as: {a: {asn: 65534}, b: {asn: 64502}}
ixps:
  i1: {route_server: true, members: [a, b]}
  i2: {route_server: {asn: 65533}, members: [a, b]}
  i3: {route_server: , members: [a, b]}
""")
    assert [plan.nodes[f"i{n}-rs"].asn for n in (1, 2, 3)] == [65532, 65533, 65531]


@pytest.mark.parametrize(
    ("prefixes", "good"),
    [
        ("prefix: 198.51.100.0/29", True),
        ("prefix: 198.51.100.0/30", False),
        ('prefix6: "2001:db8:7::/64"', True),
        ('prefix6: "2001:db8:7::/126"', False),
    ],
)
def test_a_lan_has_room_for_members_and_route_server(prefixes: str, good: bool) -> None:
    text = f"""
name: x
as: {{a: {{asn: 64501}}, b: {{asn: 64502}}, c: {{asn: 64503}}}}
ixps: {{ix: {{{prefixes}, route_server: true, members: [a, b, c]}}}}
"""
    if good:
        lan = compiled(text).switches["ix"].prefixes
        assert any(str(prefix) in prefixes for prefix in lan)
        return
    with pytest.raises(PlanError, match="prefix too small") as caught:
        compiled(text)
    assert [problem.line for problem in caught.value.problems] == [4]


# ── policy and timers, as they are written ────────────────────────────────────


@pytest.mark.parametrize("family", [4, 6])
def test_each_side_of_a_session_has_its_own_policy(family: int) -> None:
    ours = session(POLICY, "leaf-b", "hub-b", family)
    theirs = session(POLICY, "hub-b", "leaf-b", family)
    assert ours.policy == BgpPolicy(preference=80, prepend=3, med=20)
    assert theirs.policy == BgpPolicy(preference=310, limit=20, prepend=1, no_export=True)
    assert (ours.preference, theirs.preference) == (80, 310)
    assert session(POLICY, "leaf-a", "hub-a", family).preference == 100
    assert session(POLICY, "hub-a", "leaf-a", family).policy == BgpPolicy()


@pytest.mark.parametrize("family", [4, 6])
def test_policy_at_an_exchange(family: int) -> None:
    """A member's is that of all its sessions there, but for one that is written as a peering."""
    assert session(POLICY, "rim-b", "ix-rs", family).policy == BgpPolicy(prepend=1)
    assert session(POLICY, "rim-b", "leaf-b", family).policy == BgpPolicy(med=7)
    assert session(POLICY, "leaf-b", "rim-b", family).policy == BgpPolicy(no_export=True)
    assert session(POLICY, "ix-rs", "rim-b", family).policy == BgpPolicy()


@pytest.mark.parametrize(
    ("a", "b", "bfd", "hold_s"),
    [
        ("rim-a", "hub-a", Bfd(300, 3), 30),
        ("leaf-a", "hub-a", None, 9),
        ("leaf-b", "hub-b", Bfd(300, 5), 30),
        ("rim-b", "leaf-b", Bfd(300, 3), 12),
        ("rim-b", "ix-rs", Bfd(300, 3), 30),
        ("hub-d", "ix-rs", None, 15),
        ("hub-d", "alone", None, 15),
        ("hub-a", "hub-c", None, 30),
    ],
)
def test_timers_are_the_sessions_own_or_the_labs(
    a: str, b: str, bfd: Bfd | None, hold_s: int
) -> None:
    for near, far in ((a, b), (b, a)):
        found = session(POLICY, near, far)
        assert (found.bfd, found.hold_s) == (bfd, hold_s)


def test_bfd_may_be_switched_off_for_one_session() -> None:
    plan = compiled("""
name: x
routing: {bfd: {interval: 20 ms, multiplier: 5}}
as:
  a: {asn: 64501, peers: [b, {as: c, bfd: false}]}
  b: {asn: 64502}
  c: {asn: 64503}
""")
    assert session(plan, "a", "b").bfd == Bfd(20, 5)
    assert session(plan, "a", "c").bfd is None
