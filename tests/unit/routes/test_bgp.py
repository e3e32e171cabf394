"""What routers choose: against BGP played out, against the AS paths, and rule by rule."""

from __future__ import annotations

import functools
from ipaddress import IPv4Address, ip_network
from itertools import combinations, pairwise
from random import Random

import pytest

from orchestrator.plan.addresses import Prefix
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import BgpPolicy, Relation, Roa
from orchestrator.routes.as_paths import best_paths
from orchestrator.routes.bgp import BgpRoute, ControlPlane, Unsettled
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.routes.internets import Drawing, prefixes_of
from tests.unit.routes.speakers import settle

SEEDS = range(25)
Chosen = dict[str, tuple[object, ...]]


# ── random Internets ──────────────────────────────────────────────────────────


@functools.cache
def internet(seed: int) -> Plan:
    """A few ASes of one to five routers, related at random, often at two places, with policies,
    an exchange with a route server, and an anycast service.

    Where routes are reflected every client has both reflectors and MEDs are not sent: else what
    BGP settles on may depend on who speaks first (RFC 4456, section 11; RFC 3345).
    """
    random, drawing = Random(seed), Drawing()
    sizes = [random.randint(1, 5) for _ in range(random.randint(2, 6))]
    reflecting = [size > 3 for size in sizes]
    for number, size in enumerate(sizes):
        _add_system(random, drawing, number, size, reflecting[number])
    for high in range(len(sizes)):
        for low in range(high):
            relation: Relation | None = random.choice(("provider", "provider", "peer", None))
            if relation is not None:
                for _ in range(random.choice([1, 1, 2, 3])):
                    ends = (_router(random, sizes, high), _router(random, sizes, low))
                    policies = (_policy(random, reflecting[low]), _policy(random, reflecting[high]))
                    drawing.outside(*ends, relation, *policies)
    if random.random() < 0.6:
        _add_exchange(random, drawing, sizes)
    if random.random() < 0.6:
        number = random.randrange(len(sizes))
        for index in range(sizes[number]):
            if random.random() < 0.6:
                router = f"r{number}-{index}"
                drawing.anycast(f"any-{router}", asn(number), router, "9.9.9.9")
                drawing.anycast(f"any6-{router}", asn(number), router, "2620:fe::9")
    return drawing.plan()


def asn(number: int) -> int:
    return 64512 + number


def _router(random: Random, sizes: list[int], number: int) -> str:
    return f"r{number}-{random.randrange(sizes[number])}"


def _policy(random: Random, hearer_reflects: bool) -> BgpPolicy:
    return BgpPolicy(
        prepend=random.choice([0, 0, 0, 1, 2]),
        med=None if hearer_reflects else random.choice([None, None, 0, 10, 20]),
        no_export=random.random() < 0.05,
    )


def _add_system(random: Random, drawing: Drawing, number: int, size: int, reflecting: bool) -> None:
    """A ring or more of routers; iBGP in a full mesh, or two reflectors for all the others."""
    names = [f"r{number}-{n}" for n in range(size)]
    for name in names:
        drawing.router(name, asn(number), ecmp=random.random() < 0.7)
    for a, b in pairwise(names):
        drawing.interior(a, b, random.choice([5, 10, 20]), random.choice([5, 10, 20]))
    for a, b in combinations(names, 2):
        if random.random() < 0.3:
            drawing.interior(a, b, random.choice([5, 10, 20]))
    if reflecting:
        drawing.inside(*names[:2])
        for reflector in names[:2]:
            for client in names[2:]:
                drawing.inside(reflector, client, client=True)
    else:
        drawing.mesh(*names)


def _add_exchange(random: Random, drawing: Drawing, sizes: list[int]) -> None:
    """Members that have no other relation, some bilaterally, some by route server, some both."""
    numbers = random.sample(range(len(sizes)), random.randint(2, len(sizes)))
    members = [_router(random, sizes, number) for number in sorted(numbers)]
    drawing.route_server("rs", 65000)
    drawing.exchange("ix", " ".join([*members, "rs"]))
    for a, b in combinations(members, 2):
        related = any(
            session.neighbour_asn == drawing.nodes[b].asn
            for name, sessions in drawing.sessions.items()
            if drawing.nodes[name].asn == drawing.nodes[a].asn
            for session in sessions
        )
        if not related and random.random() < 0.5:
            drawing.meet(a, b, "ix")
    for member in members:
        if random.random() < 0.8:
            drawing.meet("rs", member, "ix", theirs=_policy(random, hearer_reflects=True))


def chosen_by(plan: Plan, prefix: Prefix) -> Chosen:
    routes = ControlPlane(plan).best_routes(prefix)
    return {name: _said(route) for name, route in routes.items()}


def _said(route: BgpRoute) -> tuple[object, ...]:
    kind = route.relation
    return route.as_path, route.border, kind, route.preference, route.med or 0, route.no_export


def settled(plan: Plan, prefix: Prefix, random: Random) -> Chosen:
    return {
        name: (u.path, u.exit, u.kind, u.preference, u.med, u.no_export)
        for name, u in settle(plan, prefix, random).items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_routes_are_those_that_bgp_settles_on(seed: int) -> None:
    plan, random = internet(seed), Random(seed)
    for prefix in ControlPlane(plan).announced:
        assert chosen_by(plan, prefix) == settled(plan, prefix, random)


def relation_of(plan: Plan, asn: int, other: int) -> str:
    """What AS ``other`` is to AS ``asn``; who meets only at a route server is a peer."""
    system = plan.systems[asn]
    kinds = {"customer": system.customers, "provider": system.providers}
    return next((kind for kind, asns in kinds.items() if other in asns), "peer")


@pytest.mark.parametrize("seed", SEEDS)
def test_no_path_goes_through_a_valley(seed: int) -> None:
    """Up to providers, over at most one peering, down to customers; and no AS comes back."""
    plan, order = internet(seed), ["provider", "peer", "customer"]
    control = ControlPlane(plan)
    for prefix in control.announced:
        for name, route in control.best_routes(prefix).items():
            if name in control.routers:
                asns = [plan.nodes[name].asn or 0]
                asns += [a for a, b in pairwise((0, *route.as_path)) if a not in (0, b)]
                asns += route.as_path[-1:]
                steps = [relation_of(plan, here, there) for here, there in pairwise(asns)]
                assert steps == sorted(steps, key=order.index)
                assert steps.count("peer") <= 1
                assert len(set(asns)) == len(asns)


def test_random_internets_are_of_every_kind() -> None:
    plans = [internet(seed) for seed in SEEDS]
    routes = [
        route
        for plan in plans
        for prefix in ControlPlane(plan).announced
        for route in ControlPlane(plan).best_routes(prefix).values()
    ]
    assert any(route.clusters for route in routes)
    assert any(route.med for route in routes)
    assert any(route.no_export for route in routes)
    assert any(len(set(route.as_path)) < len(route.as_path) for route in routes)
    assert any(route.session and route.session.route_server for route in routes)
    assert any(route.border.startswith("any") and route.channel for route in routes)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_candidate_is_the_best_and_each_other_says_why_not(seed: int) -> None:
    control = ControlPlane(internet(seed))
    for prefix in control.announced:
        for name, best in control.best_routes(prefix).items():
            first, *others = control.explain(name, prefix)
            assert (first.route, first.reason, first.used) == (best, "", True)
            assert all(other.reason for other in others)
            assert control.equal_routes(name, prefix)[0] == best


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_plans_settle_the_same_way(case: Case) -> None:
    plan = plan_of(case)
    for prefix in ControlPlane(plan).announced:
        assert chosen_by(plan, prefix) == settled(plan, prefix, Random(0))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_plans_agree_with_the_paths_between_ases(case: Case) -> None:
    """Policies make paths longer, and ties between neighbours may go another way; but who hears
    of whom is the same, and without policies a path is as long."""
    plan = plan_of(case)
    control = ControlPlane(plan)
    sessions = [session for router in control.routers.values() for session in router.sessions]
    is_plain = all(session.policy == BgpPolicy() for session in sessions)
    for origin, system in plan.systems.items():
        expected = best_paths(plan.systems, origin)
        for prefix in system.prefixes:
            for name, settings in control.routers.items():
                path = control.as_path(name, prefix)
                assert (path is None) == (settings.asn not in expected)
                if path is not None and is_plain:
                    assert len(path) == len(expected[settings.asn]) - 1


# ── rule by rule: which is best ───────────────────────────────────────────────


def v4(asn: int) -> Prefix:
    return prefixes_of(asn)[0]


def reasons(drawing: Drawing, router: str, prefix: Prefix) -> list[tuple[str, str]]:
    """Who told a router of a prefix, and what the route lost on."""
    candidates = ControlPlane(drawing.plan()).explain(router, prefix)
    return [(candidate.told_by, candidate.reason) for candidate in candidates]


def star() -> Drawing:
    """``left`` and ``right`` are providers of ``goal``; how ``us`` knows them is left open."""
    drawing = Drawing()
    for number, name in enumerate(("goal", "left", "right", "us"), 1):
        drawing.router(name, number)
    for name in ("left", "right"):
        drawing.outside(name, "goal", "customer")
    return drawing


def test_a_customer_goes_before_a_shorter_way_over_a_peer() -> None:
    drawing = star()
    drawing.router("between", 5)
    drawing.outside("us", "between", "customer")
    drawing.outside("between", "left", "customer")
    drawing.outside("us", "right", "peer")
    why = "higher local preference: customer 300 > peer 200"
    assert reasons(drawing, "us", v4(1)) == [("between", ""), ("right", why)]


def test_a_session_may_have_a_preference_of_its_own() -> None:
    drawing = star()
    drawing.outside("us", "left", "provider", BgpPolicy(preference=250))
    drawing.outside("us", "right", "peer")
    why = "higher local preference: provider 250 > peer 200"
    assert reasons(drawing, "us", v4(1)) == [("left", ""), ("right", why)]


def test_prepending_makes_a_path_longer() -> None:
    drawing = star()
    drawing.outside("us", "left", "provider", theirs=BgpPolicy(prepend=2))
    drawing.outside("us", "right", "provider")
    why = "shorter AS path: 2 < 4"
    assert reasons(drawing, "us", v4(1)) == [("right", ""), ("left", why)]
    assert ControlPlane(drawing.plan()).explain("us", v4(1))[1].route.as_path == (2, 2, 2, 1)


def test_a_tie_goes_to_the_lower_router_id() -> None:
    drawing = star()
    drawing.outside("us", "right", "provider")
    drawing.outside("us", "left", "provider")
    why = "lower router id: 0.0.0.2 < 0.0.0.3"
    assert reasons(drawing, "us", v4(1)) == [("left", ""), ("right", why)]


def test_one_neighbour_twice_is_a_tie_for_its_lower_address() -> None:
    drawing = Drawing()
    drawing.router("one", 1)
    drawing.router("two", 2)
    drawing.outside("one", "two", "peer")
    drawing.outside("one", "two", "peer")
    control = ControlPlane(drawing.plan())
    session = control.best_routes(v4(1))["two"].session
    assert session is not None
    assert session.neighbour == min(s.local for s in drawing.sessions["one"] if s.family == 4)


def two_places(first: BgpPolicy, second: BgpPolicy) -> Drawing:
    """AS 1 tells AS 2 at two places what each is told to; the second is far from ``us``."""
    drawing = Drawing()
    drawing.routers(1, "here there")
    drawing.routers(2, "near far us")
    drawing.interior("here", "there")
    drawing.mesh("here", "there")
    drawing.interior("us", "near", 10)
    drawing.interior("us", "far", 50)
    drawing.mesh("near", "far", "us")
    drawing.outside("here", "near", "peer", first)
    drawing.outside("there", "far", "peer", second)
    return drawing


def test_the_nearer_exit_wins() -> None:
    drawing = two_places(BgpPolicy(), BgpPolicy())
    why = "nearer next hop: 10 < 50"
    assert reasons(drawing, "us", v4(1)) == [("near", ""), ("far", why)]
    assert reasons(drawing, "far", v4(1)) == [("there", ""), ("near", "eBGP before iBGP")]


def test_a_lower_med_wins_over_the_nearer_exit() -> None:
    drawing = two_places(BgpPolicy(med=20), BgpPolicy(med=10))
    control = ControlPlane(drawing.plan())
    best = control.best_routes(v4(1))
    assert {name: best[name].border for name in ("near", "far", "us")} == {
        "near": "far",
        "far": "far",
        "us": "far",
    }
    why = "lower MED of the same AS: 10 < 20"
    assert reasons(drawing, "near", v4(1)) == [("far", ""), ("here", why)]


def test_no_med_is_the_lowest() -> None:
    drawing = two_places(BgpPolicy(med=20), BgpPolicy())
    assert ControlPlane(drawing.plan()).best_routes(v4(1))["near"].border == "far"


def test_med_is_compared_within_an_as_first() -> None:
    """Pairwise there is a circle: ``a`` beats ``b`` by router id, ``b`` beats ``c`` by it too, and
    ``c`` beats ``a`` by MED. So AS 2's better one is found first, and then compared with AS 3's."""
    drawing = Drawing()
    drawing.router("goal", 1)
    drawing.router("a", 2)
    drawing.router("b", 3)
    drawing.router("c", 2)
    drawing.router("us", 4)
    for name, med in (("a", 20), ("b", 0), ("c", 10)):
        drawing.outside(name, "goal", "customer")
        drawing.outside("us", name, "provider", theirs=BgpPolicy(med=med))
    assert reasons(drawing, "us", v4(1)) == [
        ("b", ""),
        ("c", "lower router id: 0.0.0.3 < 0.0.0.4"),
        ("a", "lower MED of the same AS: 10 < 20"),
    ]


def test_med_goes_no_further_than_the_neighbour() -> None:
    drawing = two_places(BgpPolicy(med=20), BgpPolicy(med=20))
    drawing.router("beyond", 3)
    drawing.outside("us", "beyond", "customer")
    best = ControlPlane(drawing.plan()).best_routes(v4(1))
    assert (best["us"].med, best["beyond"].med) == (20, None)


# ── rule by rule: what is told ────────────────────────────────────────────────


def test_what_must_not_be_exported_stays_in_the_neighbouring_as() -> None:
    drawing = Drawing()
    drawing.router("origin", 1)
    drawing.routers(2, "border core")
    drawing.router("customer", 3)
    drawing.interior("border", "core")
    drawing.mesh("border", "core")
    drawing.outside("origin", "border", "provider", BgpPolicy(no_export=True))
    drawing.outside("core", "customer", "customer")
    best = ControlPlane(drawing.plan()).best_routes(v4(1))
    assert set(best) == {"origin", "border", "core"}
    assert best["core"].no_export


def reflecting() -> Drawing:
    """Two clients with an exit each, and two reflectors that know of both."""
    drawing = Drawing()
    drawing.router("goal", 1)
    drawing.routers(2, "top-1 top-2 left right")
    drawing.inside("top-1", "top-2")
    for top in ("top-1", "top-2"):
        for client in ("left", "right"):
            drawing.interior(top, client)
            drawing.inside(top, client, client=True)
    drawing.outside("left", "goal", "customer")
    return drawing


def test_reflectors_tell_their_clients_with_the_next_hop_as_it_was() -> None:
    drawing = reflecting()
    control = ControlPlane(drawing.plan())
    route = control.best_routes(v4(1))["right"]
    assert (route.border, route.next_node, route.told_by) == ("left", "left", "top-1")
    assert route.next_hop == drawing.nodes["left"].loopbacks[0]
    assert route.clusters == (2,)
    assert [c.told_by for c in control.explain("right", v4(1))] == ["top-1", "top-2"]
    assert control.equal_routes("right", v4(1)) == (route,)


def test_a_reflector_prefers_what_passed_fewer_reflectors() -> None:
    why = "fewer reflectors: 0 < 1"
    assert reasons(reflecting(), "top-2", v4(1)) == [("left", ""), ("top-1", why)]


def test_without_a_client_nothing_is_reflected() -> None:
    drawing = Drawing()
    drawing.router("goal", 1)
    drawing.routers(2, "one two three")
    drawing.interior("one", "two")
    drawing.interior("two", "three")
    drawing.inside("one", "two")
    drawing.inside("two", "three")
    drawing.outside("one", "goal", "customer")
    assert "three" not in ControlPlane(drawing.plan()).best_routes(v4(1))


def exchange(**policies: BgpPolicy) -> Drawing:
    drawing = Drawing()
    for number, name in enumerate(("one", "two", "three"), 1):
        drawing.router(name, number)
    drawing.route_server("rs", 65000)
    drawing.exchange("ix", "one two three rs")
    for name in ("one", "two", "three"):
        drawing.meet("rs", name, "ix", theirs=policies.get(name, BgpPolicy()))
    return drawing


def test_a_route_server_is_not_in_the_path_and_not_on_the_way() -> None:
    drawing = exchange()
    route = ControlPlane(drawing.plan()).best_routes(v4(1))["two"]
    assert (route.as_path, route.relation, route.preference) == ((1,), "peer", 200)
    assert (route.told_by, route.next_node) == ("rs", "one")
    assert route.next_hop == drawing.ports["one"][0].addresses[0].ip


def test_over_a_session_and_by_a_route_server_the_next_hop_is_one() -> None:
    drawing = exchange()
    drawing.meet("one", "two", "ix")
    why = "lower router id: 0.0.0.1 < 0.0.0.4"
    assert reasons(drawing, "two", v4(1)) == [("one", ""), ("rs", why)]
    assert len(ControlPlane(drawing.plan()).equal_routes("two", v4(1))) == 1


def test_a_route_server_hands_on_med_and_no_export() -> None:
    drawing = exchange(one=BgpPolicy(med=7, no_export=True))
    drawing.router("customer", 4)
    drawing.outside("two", "customer", "customer")
    best = ControlPlane(drawing.plan()).best_routes(v4(1))
    assert (best["two"].med, best["two"].no_export) == (7, True)
    assert "customer" not in best


def test_who_has_the_best_route_hears_the_second_best_from_a_route_server() -> None:
    drawing = exchange()
    drawing.router("goal", 9)
    for name in ("one", "two"):
        drawing.outside(name, "goal", "customer")
    prefix = v4(9)
    assert ("rs", "two") in _tellers(drawing, "one", prefix)
    assert ("rs", "one") in _tellers(drawing, "two", prefix)
    assert _tellers(drawing, "three", prefix) == {("rs", "one")}


def _tellers(drawing: Drawing, router: str, prefix: Prefix) -> set[tuple[str, str]]:
    candidates = ControlPlane(drawing.plan()).explain(router, prefix)
    return {(candidate.told_by, candidate.route.next_node) for candidate in candidates}


# ── what is refused ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("prefix", "heard"),
    [
        ("100.0.4.0/24", True),
        ("100.0.4.0/25", False),
        ("96.0.0.0/7", False),
        ("127.1.0.0/16", False),
        ("3fff:1::/48", True),
        ("3fff:1::/49", False),
        ("3ffe::/15", False),
        ("fd00:1::/32", False),
    ],
)
def test_what_is_not_sane_is_refused(prefix: str, heard: bool) -> None:
    drawing = Drawing()
    drawing.router("one", 1, announces=(prefix,))
    drawing.router("two", 2)
    drawing.outside("one", "two", "peer")
    assert ("two" in ControlPlane(drawing.plan()).best_routes(ip_network(prefix))) is heard


def hijack(prefix: str, validated: bool) -> ControlPlane:
    """AS 3 announces something of AS 1, nearer to ``us`` than AS 1 is."""
    drawing = Drawing()
    roas = (Roa(v4(1), 22, 1), Roa(prefixes_of(1)[1], 32, 1))
    rtr = (drawing.cache("cache", roas),) if validated else ()
    drawing.router("victim", 1)
    drawing.router("between", 2, rtr=rtr)
    drawing.router("thief", 3, announces=(prefix,))
    drawing.router("us", 4, rtr=rtr)
    drawing.outside("us", "between", "provider")
    drawing.outside("between", "victim", "customer")
    drawing.outside("us", "thief", "peer")
    return ControlPlane(drawing.plan())


@pytest.mark.parametrize(("validated", "origin"), [(False, 3), (True, 1)])
def test_a_hijack_is_stopped_by_origin_validation(validated: bool, origin: int) -> None:
    control = hijack(str(v4(1)), validated)
    path = control.as_path("us", v4(1))
    assert path is not None
    assert path[-1] == origin


@pytest.mark.parametrize(("validated", "origin"), [(False, 3), (True, 1)])
def test_a_more_specific_prefix_is_looked_up_first(validated: bool, origin: int) -> None:
    control, address = hijack("100.0.4.0/24", validated), IPv4Address("100.0.4.9")
    found = control.lookup("us", address)
    assert found is not None
    path = control.as_path("us", found)
    assert path is not None
    assert (found.prefixlen, path[-1]) == (24 if origin == 3 else 22, origin)
    assert control.lookup("victim", address) == v4(1)


def test_what_is_reachable_is_what_others_announce() -> None:
    drawing = exchange()
    control = ControlPlane(drawing.plan())
    assert control.reachable("one") == (*prefixes_of(2), *prefixes_of(3))
    assert control.reachable("rs") == (*prefixes_of(1), *prefixes_of(2), *prefixes_of(3))


# ── side by side, and never ───────────────────────────────────────────────────


def test_equal_routes_are_used_side_by_side() -> None:
    drawing = star()
    drawing.outside("us", "left", "provider")
    drawing.outside("us", "right", "provider")
    control = ControlPlane(drawing.plan())
    assert [r.next_node for r in control.equal_routes("us", v4(1))] == ["left", "right"]
    assert [c.used for c in control.explain("us", v4(1))] == [True, True]


def test_a_router_without_ecmp_uses_the_best_alone() -> None:
    drawing = Drawing()
    drawing.router("goal", 1)
    drawing.router("us", 2, ecmp=False)
    drawing.outside("us", "goal", "peer")
    drawing.outside("us", "goal", "peer")
    assert len(ControlPlane(drawing.plan()).equal_routes("us", v4(1))) == 1


def test_all_first_hops_of_equal_cost_are_known() -> None:
    drawing = Drawing()
    drawing.routers(1, "a b c d")
    for one, other in ("ab", "ac", "bd", "cd"):
        drawing.interior(one, other)
    drawing.interior("a", "b")
    distance = ControlPlane(drawing.plan()).distances("a")["d"]
    assert distance.cost == 20
    assert distance.first == (("b", "eth0"), ("b", "eth2"), ("c", "eth1"))


def test_a_policy_dispute_is_an_error_that_names_the_routers() -> None:
    """Griffin's bad gadget: each of three prefers the way over its neighbour to its own."""
    drawing = Drawing()
    drawing.router("goal", 9)
    names = ("one", "two", "three")
    for number, name in enumerate(names, 1):
        drawing.router(name, number)
        drawing.outside(name, "goal", "customer", BgpPolicy(preference=100))
    for name, other in zip(names, (*names[1:], names[0]), strict=True):
        drawing.outside(name, other, "peer", BgpPolicy(preference=200), BgpPolicy(preference=50))
    with pytest.raises(Unsettled, match="one, three, two keep changing") as caught:
        ControlPlane(drawing.plan()).best_routes(v4(9))
    assert set(caught.value.routers) == set(names)
