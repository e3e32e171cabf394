"""Generated Internets: what holds of every one of them, whatever the size and the seed."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import combinations
from statistics import median
from typing import Any, cast

import pytest
from click.testing import CliRunner

from orchestrator.cli.generate import generate_command
from orchestrator.errors import UsageError
from orchestrator.generate.draw import Internet, draw_internet
from orchestrator.generate.write import write_topology
from orchestrator.routes.as_paths import Systems, best_paths
from orchestrator.spec.check import check_topology
from orchestrator.spec.load import parse
from orchestrator.spec.lookups import member_of
from orchestrator.spec.model import Topology
from orchestrator.spec.systems import AsSpec

GRAPHS = [(2, 1), (3, 1), (7, 5), (10, 2), (50, 1), (100, 1), (100, 2), (250, 3)]
every_graph = pytest.mark.parametrize(("count", "seed"), GRAPHS)


def topology_of(text: str) -> Topology:
    """The topology that a text says, found to hold together."""
    document = parse(text.encode(), "generated.yaml")
    topology = Topology.model_validate(document.data)
    check_topology(topology, document)
    return topology


@dataclass(frozen=True)
class Neighbours:
    """As much of an AS as paths are computed from."""

    providers: tuple[int, ...]
    peers: tuple[int, ...]
    customers: tuple[int, ...]


def related(topology: Topology) -> dict[int, Neighbours]:
    """By ASN: relations as written, and everybody's with everybody at an ixp."""
    numbers = {name: spec.asn for name, spec in topology.as_.items()}
    buys = {(a, numbers[str(b)]) for a, spec in asns(topology) for b in spec.providers}
    peers = {(a, numbers[str(b)]) for a, spec in asns(topology) for b in spec.peers}
    for ixp in topology.ixps.values():
        peers |= set(combinations((numbers[member_of(m).as_] for m in ixp.members), 2))
    peers |= {(b, a) for a, b in peers}
    peers -= buys | {(b, a) for a, b in buys}
    return {
        asn: Neighbours(
            tuple(sorted(b for a, b in buys if a == asn)),
            tuple(sorted(b for a, b in peers if a == asn)),
            tuple(sorted(a for a, b in buys if b == asn)),
        )
        for asn in numbers.values()
    }


def asns(topology: Topology) -> list[tuple[int, AsSpec]]:
    return [(spec.asn, spec) for spec in topology.as_.values()]


@every_graph
def test_the_language_holds_it(count: int, seed: int) -> None:
    text = write_topology(draw_internet(count, seed))
    topology = topology_of(text)
    assert len(topology.as_) == count
    assert topology.name == f"internet-{count}"
    assert f"{count} ASes" in text.splitlines()[0]
    assert max(map(len, text.splitlines())) <= 100


@every_graph
def test_everybody_hears_everybody(count: int, seed: int) -> None:
    systems = related(topology_of(write_topology(draw_internet(count, seed))))
    for origin in list(systems)[:: 1 + count // 60]:
        assert best_paths(cast(Systems, systems), origin).keys() == systems.keys()


@every_graph
def test_nobody_buys_from_themselves(count: int, seed: int) -> None:
    graph = draw_internet(count, seed)
    TopologicalSorter({s.number: s.providers for s in graph.systems.values()}).prepare()


@every_graph
def test_the_same_seed_the_same_bytes(count: int, seed: int) -> None:
    once, again = (write_topology(draw_internet(count, seed)) for _ in range(2))
    assert once == again


def test_another_seed_another_graph() -> None:
    drawn = [draw_internet(50, seed) for seed in range(10)]
    assert len({tuple(map(tuple, providers(graph))) for graph in drawn}) == 10


def providers(graph: Internet) -> list[list[int]]:
    return [system.providers for system in graph.systems.values()]


def test_a_seed_means_the_same_graph_for_ever() -> None:
    """Changing this changes everybody's graphs: say so in the changelog."""
    _, _, text = write_topology(draw_internet(8, seed=1, ixps=1)).partition("as:\n")
    assert text == GRAPH_OF_8


GRAPH_OF_8 = """\
  # tier 1: buys from nobody, peers with its like
  as1: {asn: 64513}
  as2: {asn: 64514, peers: [as1]}
  # tier 2: regional transit
  as3: {asn: 64515, providers: [as1, as2]}
  # tier 3: stubs: access, content, enterprises
  as4: {asn: 64516, providers: [as2, as3]}
  as5: {asn: 64517, providers: [as1, as2]}
  as6: {asn: 64518, providers: [as2, as3]}
  as7: {asn: 64519, providers: [as1]}
  as8: {asn: 64520, providers: [as1, as2]}

ixps:
  ix1:
    members: [as3, as4, as8]
"""


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [50, 200, 1000])
def test_few_have_many_neighbours(count: int, seed: int) -> None:
    graph = draw_internet(count, seed)
    customers = dict.fromkeys(graph.systems, 0)
    for sellers in providers(graph):
        for seller in sellers:
            customers[seller] += 1
    ranked = sorted(customers.values(), reverse=True)
    assert median(ranked) == 0
    assert sum(ranked[: count // 10]) > sum(ranked) / 2


@pytest.mark.parametrize("count", [10, 50, 200, 1000, 2000])
def test_stubs_mostly_have_two_providers(count: int) -> None:
    stubs = [system for system in draw_internet(count).systems.values() if system.tier == 3]
    assert len(stubs) > count / 2
    assert median(len(stub.providers) for stub in stubs) == 2
    assert {len(stub.providers) for stub in stubs} <= {1, 2, 3}


@pytest.mark.parametrize(("count", "ixps"), [(2, 0), (20, 1), (100, 4), (1000, 40)])
def test_exchanges_are_one_for_25_ases(count: int, ixps: int) -> None:
    graph = draw_internet(count)
    assert len(graph.ixps) == ixps
    for ixp in graph.ixps:
        assert len(set(ixp.members)) == len(ixp.members) >= 2
        assert all(graph.systems[member].tier > 1 for member in ixp.members)


@pytest.mark.parametrize("count", [3, 4, 7, 30])
def test_as_many_exchanges_as_there_may_be(count: int) -> None:
    topology = topology_of(write_topology(draw_internet(count, ixps=count // 3)))
    assert len(topology.ixps) == count // 3


@pytest.mark.parametrize(("count", "first"), [(1000, 64513), (1001, 4200000001)])
def test_numbers_are_private(count: int, first: int) -> None:
    numbers = [spec.asn for spec in topology_of(write_topology(draw_internet(count))).as_.values()]
    assert numbers == list(range(first, first + count))


def test_places_change_nothing_else() -> None:
    graph = draw_internet(100, seed=3)
    plain, placed = (topology_of(write_topology(graph, places=p)) for p in (False, True))
    assert related(placed) == related(plain)
    for topology, is_placed in ((plain, False), (placed, True)):
        assert all((spec.at is not None) is is_placed for spec in topology.as_.values())
        assert all((spec.at is not None) is is_placed for spec in topology.ixps.values())


def test_route_servers_at_the_larger_exchanges() -> None:
    graph = draw_internet(200, seed=1)
    large = sum(len(ixp.members) >= 8 for ixp in graph.ixps)
    assert 0 < large < len(graph.ixps)
    assert write_topology(graph, route_servers=True).count("    route_server: true\n") == large
    assert "route_server" not in write_topology(graph)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"count": 1}, "1 ASes are no Internet\n  hint: 2 to 2000"),
        ({"count": 2001}, "2001 ASes are no Internet"),
        ({"count": 10, "seed": -1}, "the seed -1 is negative"),
        ({"count": 10, "ixps": 4}, "10 ASes cannot have 4 IXPs\n  hint: 0 to 3"),
        ({"count": 10, "ixps": -1}, "10 ASes cannot have -1 IXPs"),
    ],
)
def test_what_cannot_be_drawn(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        draw_internet(**asked)
    assert str(caught.value).startswith(said)


def test_the_verb_prints_a_topology() -> None:
    asked = ["30", "--seed", "7", "--ixps", "2", "--places", "--name", "thirty"]
    printed = CliRunner().invoke(generate_command, asked).output
    graph = draw_internet(30, 7, 2)
    assert printed == write_topology(graph, "thirty", places=True, route_servers=True)
    assert "`lab generate 30 --seed 7 --ixps 2 --places`" in printed.replace("\n# ", " ")
    assert topology_of(printed).name == "thirty"


def test_the_verb_refuses_a_name_that_is_none() -> None:
    refused = CliRunner().invoke(generate_command, ["30", "--name", "Big Lab"])
    assert isinstance(refused.exception, UsageError)
    assert str(refused.exception).startswith("'Big Lab' is not a name")
