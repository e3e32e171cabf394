"""How many neighbours routers have, before anything runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator.generate.draw import draw_internet
from orchestrator.generate.write import write_topology
from orchestrator.loading import load
from orchestrator.runtime.network.neighbours import count_entries
from tests.golden.cases import CASES, plan_of


def test_a_router_with_homes_behind_it_is_a_router_still(tmp_path: Path) -> None:
    """Where every AS has a home, every router is an access router."""
    graph = draw_internet(150, 1, ixps=0)
    homes = [f"  home-{name}: {{isp: as{name}, hosts: [pc-{name}]}}" for name in graph.systems]
    path = tmp_path / "homes.yaml"
    lines = [write_topology(graph), "dns: {as: as1}", "homes:", *homes]
    path.write_text("\n".join(lines), encoding="utf-8")
    plan = load(path)
    routers = {name for system in plan.systems.values() for name in system.routers}
    between = [link for link in plan.links.values() if {link.a.node, link.b.node} <= routers]
    # Either end knows the other by two addresses.
    assert count_entries(plan) == 4 * len(between) > 1024


def test_a_server_with_a_speaker_counts() -> None:
    """It has a session with its router, and so an entry of it."""
    (internet,) = (plan_of(case) for case in CASES if case.name == "internet")
    silent = {name: node for name, node in internet.nodes.items() if not node.speaker}
    links = {
        name: link
        for name, link in internet.links.items()
        if {link.a.node, link.b.node} <= {*silent, *internet.switches}
    }
    without = replace(internet, nodes=silent, links=links)
    speakers = len(internet.nodes) - len(silent)
    assert speakers
    assert count_entries(internet) == count_entries(without) + 4 * speakers
