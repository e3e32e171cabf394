"""Limits of prefixes, of AS paths and of next hops: what BIRD refuses the plan does not expect."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import pairwise

import pytest

from orchestrator.plan.addresses import FAMILIES, Family
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import LONGEST_AS_PATH, MOST_NEXT_HOPS, BgpPolicy
from orchestrator.roles.birds import bird_check
from orchestrator.routes.bgp import ControlPlane
from orchestrator.routes.forwarding import ForwardingPlane
from orchestrator.routes.notes import notes_on_routes
from tests.unit.routes.internets import Drawing, prefixes_of


def limited(limit: int, *more: str) -> Plan:
    """``up`` takes so many prefixes from ``down``, which announces two of each AS, and more."""
    drawing = Drawing()
    drawing.router("up", 1)
    own = tuple(map(str, prefixes_of(2)))
    drawing.router("down", 2, announces=(*own, *more))
    drawing.outside("up", "down", "customer", BgpPolicy(limit=limit))
    return drawing.plan()


def test_a_limit_that_holds_shuts_nothing() -> None:
    assert ControlPlane(limited(1)).shut == frozenset()


def test_a_limit_that_trips_shuts_both_ends_of_its_family_alone() -> None:
    plan = limited(1, "100.64.0.0/16")
    control = ControlPlane(plan)
    v4 = {
        (name, session.name)
        for name, speaker in control.speakers.items()
        for session in speaker.sessions
        if session.family == 4
    }
    assert control.shut == v4
    assert control.reachable("up") == (prefixes_of(2)[1],)
    assert control.reachable("down") == (prefixes_of(1)[1],)


def test_readiness_expects_a_tripped_limit() -> None:
    plan = limited(1, "100.64.0.0/16")
    for name, speaker in ControlPlane(plan).speakers.items():
        check = bird_check(plan.nodes[name], plan, speaker.sessions)
        families = {session.name: session.family for session in speaker.sessions}
        assert [families[each] for each in check.sessions] == [6]
        assert [families[each] for each in check.shut] == [4] * (name == "up")


def test_a_tripped_limit_is_told() -> None:
    assert list(notes_on_routes(limited(1, "100.64.0.0/16"))) == [
        "up shuts its IPv4 session with down, which announces more prefixes than its limit of 1"
    ]


def test_a_limit_trips_by_what_passes_the_filters() -> None:
    """A prefix too long is refused first, and does not count."""
    assert ControlPlane(limited(1, "100.64.0.0/28")).shut == frozenset()


def test_what_a_shut_session_took_along_is_counted_no_more() -> None:
    """``top`` takes three prefixes: two come from behind the session that is shut."""
    drawing = Drawing()
    drawing.router("top", 1)
    drawing.router("up", 2)
    drawing.router("down", 3, announces=("100.64.0.0/16", "100.65.0.0/16"))
    drawing.outside("up", "down", "customer", BgpPolicy(limit=1))
    drawing.outside("top", "up", "customer", BgpPolicy(limit=3))
    control = ControlPlane(drawing.plan())
    assert {name for name, _ in control.shut} == {"up", "down"}
    assert prefixes_of(2)[0] in control.reachable("top")


@pytest.mark.parametrize("prepend", [15, 16])
def test_an_as_path_beyond_the_limit_is_not_waited_for(prepend: int) -> None:
    """Four in a row that prepend 16 times: 4 × 17 = 68 numbers. With 15 they are 64, and pass."""
    drawing = Drawing()
    names = "abcde"
    for asn, name in enumerate(names, 1):
        drawing.router(name, asn)
    for name, above in pairwise(names):
        drawing.outside(name, above, "provider", BgpPolicy(prepend=prepend))
    plan = drawing.plan()
    control, prefix = ControlPlane(plan), prefixes_of(1)[0]
    too_long = 4 * (1 + prepend) > LONGEST_AS_PATH
    assert (prefix in control.reachable("e")) == (not too_long)
    assert prefix in control.reachable("d")
    assert bool(list(notes_on_routes(plan))) == too_long


def parallel(links: int) -> Plan:
    drawing = Drawing()
    drawing.routers(1, "a b")
    drawing.router("goal", 2)
    for _ in range(links):
        drawing.interior("a", "b")
    drawing.outside("b", "goal", "customer")
    drawing.mesh("a", "b")
    return drawing.plan()


@pytest.mark.parametrize("family", FAMILIES)
def test_of_twenty_equal_links_as_many_are_used_as_bird_installs(family: Family) -> None:
    """Those of the lowest gateway addresses, for routes of OSPF and of BGP alike."""
    plan = parallel(20)
    plane = ForwardingPlane(plan)
    inside = next(a for a in plan.nodes["b"].loopbacks if a.version == family)
    outside = next(p[1] for p in prefixes_of(2) if p.version == family)
    for target in (inside, outside):
        used = [step[0].link.name for step in plane.next_hops("a", target)]
        assert used == list(plan.links)[:MOST_NEXT_HOPS]
    steps = plane.steps_to("a", ip_network(prefixes_of(2)[0 if family == 4 else 1]))
    assert len(steps) == MOST_NEXT_HOPS


def test_as_many_links_as_fit_are_all_used() -> None:
    plan = parallel(MOST_NEXT_HOPS)
    loopback = plan.nodes["b"].loopbacks[0]
    assert len(ForwardingPlane(plan).next_hops("a", loopback)) == MOST_NEXT_HOPS
