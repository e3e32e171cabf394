"""What routers choose: against BGP played out, against the AS paths, and rule by rule."""

from __future__ import annotations

import functools
from itertools import pairwise
from random import Random

import pytest

from orchestrator.plan.bgp import ControlPlane
from orchestrator.plan.model import Plan
from orchestrator.plan.routes import best_paths
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.texts import compiled
from tests.unit.plan.speakers import settle

PLACES = ("Berlin", "Frankfurt", "Paris", "London", "New York", "Tokyo")
SEEDS = range(25)


@functools.cache
def internet(seed: int) -> Plan:
    """A few ASes of one to four routers in random places, related at random, and an exchange."""
    random = Random(seed)
    sizes = [random.randint(1, 4) for _ in range(random.randint(2, 6))]
    systems = [_system(random, number, sizes) for number in range(len(sizes))]
    members = random.sample(range(len(sizes)), random.randint(2, len(sizes)))
    listed = ", ".join(f"as{number}" for number in sorted(members))
    exchange = f"ixps: {{ix: {{members: [{listed}]}}}}\n"
    return compiled("name: random\nas:\n" + "".join(systems) + random.choice(["", exchange]))


def _system(random: Random, number: int, sizes: list[int]) -> str:
    """Providers have lower numbers than their customers, so there is no circle of them."""
    routers = ", ".join(
        f"r{number}-{n}: {{at: {random.choice(PLACES)}}}" for n in range(sizes[number])
    )
    relations: dict[str, list[str]] = {"providers": [], "peers": []}
    for other in range(number):
        kind = random.choice(["providers", "providers", "peers", ""])
        for _ in range(random.choice([1, 1, 2]) if kind else 0):
            here, there = random.randrange(sizes[number]), random.randrange(sizes[other])
            entry = f"{{as: as{other}, here: r{number}-{here}, there: r{other}-{there}}}"
            if entry not in relations[kind]:
                relations[kind].append(entry)
    interior = random.choice(["ring", "chain", "mesh"])
    said = "".join(f", {kind}: [{', '.join(list_)}]" for kind, list_ in relations.items() if list_)
    return (
        f"  as{number}: {{asn: {64512 + number}, routers: {{{routers}}}, "
        f"interior: {interior}{said}}}\n"
    )


def relation_of(plan: Plan, asn: int, other: int) -> str:
    """What AS ``other`` is to AS ``asn``."""
    system = plan.systems[asn]
    kinds = {"customer": system.customers, "peer": system.peers, "provider": system.providers}
    return next(kind for kind, asns in kinds.items() if other in asns)


@pytest.mark.parametrize("seed", SEEDS)
def test_routes_are_those_that_bgp_settles_on(seed: int) -> None:
    plan, random = internet(seed), Random(seed)
    for origin in plan.systems:
        chosen = {
            name: (route.as_path, route.border or name)
            for name, route in ControlPlane(plan).best_routes(origin).items()
        }
        settled = settle(plan, origin, random)
        assert chosen == {name: (update.path, update.exit) for name, update in settled.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_routers_agree_with_the_paths_between_ases(seed: int) -> None:
    """Ties between neighbours may go another way, but never to a worse or longer path."""
    plan = internet(seed)
    for origin in plan.systems:
        paths, routes = best_paths(plan.systems, origin), ControlPlane(plan).best_routes(origin)
        for node in plan.with_role("router"):
            assert node.asn is not None
            assert (node.name in routes) == (node.asn in paths)
            if node.name in routes and node.asn != origin:
                route, path = routes[node.name], paths[node.asn]
                assert len(route.as_path) == len(path) - 1
                assert route.relation == relation_of(plan, node.asn, path[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_path_goes_through_a_valley(seed: int) -> None:
    """Up to providers, over at most one peering, down to customers; and no AS twice."""
    plan = internet(seed)
    order = ["provider", "peer", "customer"]
    for origin in plan.systems:
        for name, route in ControlPlane(plan).best_routes(origin).items():
            path = (plan.nodes[name].asn or 0, *route.as_path)
            steps = [relation_of(plan, here, there) for here, there in pairwise(path)]
            assert steps == sorted(steps, key=order.index)
            assert steps.count("peer") <= 1
            assert len(set(path)) == len(path)


def test_random_internets_are_of_every_kind() -> None:
    plans = [internet(seed) for seed in SEEDS]
    assert any(plan.switches for plan in plans)
    assert any(len(system.routers) > 2 for plan in plans for system in plan.systems.values())
    assert any(system.peers for plan in plans for system in plan.systems.values())


# ── rule by rule ──────────────────────────────────────────────────────────────

# A wide AS with two exits to its provider, at its two ends.
WIDE = """
name: wide
as:
  transit: {asn: 64501, routers: {t-fra: {at: Frankfurt}, t-tyo: {at: Tokyo}}}
  wide:
    asn: 64502
    interior: chain
    routers:
      {w-fra: {at: Frankfurt}, w-ber: {at: Berlin}, w-sin: {at: Singapore}, w-tyo: {at: Tokyo}}
    providers:
      - {as: transit, here: w-fra, there: t-fra}
      - {as: transit, here: w-tyo, there: t-tyo}
"""


def test_the_nearer_exit_wins() -> None:
    routes = ControlPlane(compiled(WIDE)).best_routes(64501)
    assert {name: route.border for name, route in routes.items() if name.startswith("w-")} == {
        "w-fra": "w-fra",
        "w-ber": "w-fra",
        "w-sin": "w-tyo",
        "w-tyo": "w-tyo",
    }


def test_what_the_own_session_says_goes_before_what_mates_say() -> None:
    session = ControlPlane(compiled(WIDE)).best_routes(64501)["w-tyo"].session
    assert session is not None
    assert session.neighbour_node == "t-tyo"


def test_a_tie_goes_to_the_lower_router_id() -> None:
    plan = compiled("""
name: tie
as:
  top: {asn: 64501}
  left: {asn: 64502, providers: [top]}
  right: {asn: 64503, providers: [top]}
  both: {asn: 64504, providers: [right, left]}
""")
    # Router ids are loopbacks, numbered in the order of the file.
    assert plan.nodes["left"].number < plan.nodes["right"].number
    assert ControlPlane(plan).best_routes(64501)["both"].as_path == (64502, 64501)


def test_one_neighbour_twice_is_a_tie_for_its_lower_address() -> None:
    """Exchanges are numbered from the top of their space down: the second has the lower ones."""
    plan = compiled("""
name: twice
as: {one: {asn: 64501}, two: {asn: 64502}}
ixps: {ix-1: {members: [one, two]}, ix-2: {members: [one, two]}}
""")
    session = ControlPlane(plan).best_routes(64501)["two"].session
    assert session is not None
    assert session.neighbour in plan.switches["ix-2"].prefix


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_plans_settle_the_same_way(case: Case) -> None:
    plan = plan_of(case)
    for origin in plan.systems:
        routes = ControlPlane(plan).best_routes(origin)
        settled = settle(plan, origin, Random(0))
        assert {name: route.as_path for name, route in routes.items()} == {
            name: update.path for name, update in settled.items()
        }
