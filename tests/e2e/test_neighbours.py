"""Routers of a large lab are told of each other; those of a small one ask."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_DGRAM, socket

import pytest

from orchestrator.generate.draw import draw_internet
from orchestrator.generate.write import write_topology
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
)
from orchestrator.runtime.network.neighbours import introduce_routers, is_crowded
from orchestrator.runtime.network.wiring import configure_ends, create_bridges, create_pairs
from orchestrator.shipped import shipped_topologies


def graph(count: int, folder: Path) -> Plan:
    path = folder / "graph.yaml"
    text = write_topology(draw_internet(count, 1, ixps=1), route_servers=True)
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.fixture
def small(tmp_path: Path) -> Plan:
    return graph(12, tmp_path)


@pytest.fixture
def wired(small: Plan) -> Iterator[dict[str, str]]:
    """The namespaces of a small graph, its links up."""
    with ExitStack() as stack:
        made = {}
        for number, name in enumerate((*small.nodes, *small.switches)):
            called = f"neighbours-{os.getpid()}-{number}"
            create_namespace(called)
            stack.callback(remove_namespace, called)
            made[name] = path_of(called)
        create_bridges(small, made)
        create_pairs(small, small.links.values(), made)
        configure_ends(small, small.links.values(), made)
        yield made


def told(namespace: str) -> dict[str, str]:
    """Address → MAC, of the neighbours somebody else vouches for."""
    with entered(namespace):
        shown = subprocess.run(["ip", "neigh"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in shown.splitlines() if "extern_learn" in line]
    return {row[0]: row[4] for row in rows}


def test_only_large_labs_are_crowded(tmp_path: Path) -> None:
    assert not is_crowded(load(shipped_topologies() / "internet.yaml"))
    assert is_crowded(graph(500, tmp_path))


def test_routers_of_a_small_lab_ask(wired: dict[str, str]) -> None:
    assert not any(told(namespace) for namespace in wired.values())


def test_routers_know_all_who_are_on_their_wires(small: Plan, wired: dict[str, str]) -> None:
    introduce_routers(small, small.links.values(), wired)
    for router in small.nodes.values():
        wires = {port.link: port.name for port in router.interfaces}
        lans = {end.node for name in wires for end in (small.links[name].a, small.links[name].b)}
        lans &= small.switches.keys()
        expected: dict[str, str] = {}
        for other in small.nodes.values():
            for port in other.interfaces:
                link = small.links[port.link]
                shared = port.link in wires or {link.a.node, link.b.node} & lans
                if other is not router and shared:
                    addresses = [*(entry.ip for entry in port.addresses), port.link_local]
                    expected |= {str(address): port.mac for address in addresses}
        assert told(wired[router.name]) == expected, router.name


def test_a_neighbour_that_was_told_is_reached(small: Plan, wired: dict[str, str]) -> None:
    introduce_routers(small, small.links.values(), wired)
    link = next(iter(small.links.values()))
    for entry in small.nodes[link.b.node].interface(link.b.interface).addresses:
        family = AF_INET if entry.version == 4 else AF_INET6
        with entered(wired[link.b.node]):
            hearing = socket(family, SOCK_DGRAM)
        with entered(wired[link.a.node]):
            speaking = socket(family, SOCK_DGRAM)
        with hearing, speaking:
            hearing.settimeout(2)
            hearing.bind((str(entry.ip), 7))
            speaking.sendto(b"hello", (str(entry.ip), 7))
            assert hearing.recv(16) == b"hello"
