"""AS paths against BGP played out message by message on small random Internets."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from random import Random

import pytest

from orchestrator.plan.model import AutonomousSystem
from orchestrator.routes.as_paths import AsPath, Systems, best_paths
from tests.golden.cases import CASES, plan_of

Relations = dict[tuple[int, int], str]  # (us, them) → what they are to us
PREFERENCE = ("customer", "peer", "provider")


def internet(relations: Relations, asns: range) -> Systems:
    def related(asn: int, kind: str) -> tuple[int, ...]:
        return tuple(sorted(b for (a, b), what in relations.items() if (a, what) == (asn, kind)))

    return {
        asn: AutonomousSystem(
            f"as{asn}",
            asn,
            (IPv4Network((0xC6120000 + 1024 * asn, 22)),),
            (f"r{asn}",),
            related(asn, "provider"),
            related(asn, "peer"),
            related(asn, "customer"),
        )
        for asn in asns
    }


def random_relations(random: Random, asns: range) -> Relations:
    """Providers have lower numbers than their customers, so there is no circle of them."""
    relations: Relations = {}
    for low, high in combinations(asns, 2):
        kind = random.choice(("provider", "provider", "peer", "none", "none"))
        if kind != "none":
            relations[high, low] = kind
            relations[low, high] = "customer" if kind == "provider" else "peer"
    return relations


def settled(relations: Relations, asns: range, origin: int) -> dict[int, AsPath]:
    """What BGP settles on: every AS chooses among what its neighbours now tell it, until still."""
    chosen: dict[int, AsPath] = {origin: (origin,)}
    while True:
        following = {origin: (origin,)} | {
            asn: best
            for asn in asns
            if asn != origin and (best := choice(relations, chosen, asn)) is not None
        }
        if following == chosen:
            return chosen
        chosen = following


def choice(relations: Relations, chosen: dict[int, AsPath], asn: int) -> AsPath | None:
    """The best of the routes an AS is told: by relation, then length, then neighbour."""
    offers = [
        (PREFERENCE.index(kind), len(chosen[other]), other)
        for (us, other), kind in relations.items()
        if us == asn and other in chosen and asn not in chosen[other]
        if is_exported(relations, chosen[other], asn)
    ]
    return (asn, *chosen[min(offers)[2]]) if offers else None


def is_exported(relations: Relations, path: AsPath, to: int) -> bool:
    """Customers are told everything, others only of the AS itself and of its customers."""
    learnt_from_customer = len(path) == 1 or relations[path[0], path[1]] == "customer"
    return learnt_from_customer or relations[path[0], to] == "customer"


@pytest.mark.parametrize("seed", range(60))
def test_paths_are_those_that_bgp_settles_on(seed: int) -> None:
    random = Random(seed)
    asns = range(1, random.randint(3, 9))
    relations = random_relations(random, asns)
    systems = internet(relations, asns)
    for origin in asns:
        assert best_paths(systems, origin) == settled(relations, asns, origin)


def test_there_is_no_way_through_a_valley() -> None:
    relations: Relations = {(1, 2): "peer", (2, 1): "peer", (2, 3): "peer", (3, 2): "peer"}
    systems = internet(relations, range(1, 4))
    assert best_paths(systems, 1) == {1: (1,), 2: (2, 1)}


def test_a_customer_goes_before_a_shorter_way() -> None:
    """4 hears of 1 from its peer directly, and through two customers: it is paid for the latter."""
    relations: Relations = {}
    for customer, provider in ((1, 2), (2, 3), (3, 4)):
        relations |= {(customer, provider): "provider", (provider, customer): "customer"}
    relations |= {(4, 1): "peer", (1, 4): "peer"}
    assert best_paths(internet(relations, range(1, 5)), 1)[4] == (4, 3, 2, 1)


def test_everybody_hears_of_everybody_else_in_the_default_lab() -> None:
    plan = plan_of(next(case for case in CASES if case.name == "internet"))
    for asn in plan.systems:
        assert best_paths(plan.systems, asn).keys() == plan.systems.keys()
