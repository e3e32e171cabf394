"""A generated graph of sixty ASes: up, every prefix in every table, and nothing left.

`make bench-scale` has graphs of up to 1,000.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from orchestrator.plan.addresses import FAMILIES
from tests.e2e.birds import plan_of
from tests.e2e.conftest import PATIENTLY, Cli, RunningLab
from tests.e2e.leftovers import leftovers

NAME, COUNT = "test-scale", 60
SAMPLE = 8


@pytest.fixture
def graph(cli: Cli, tmp_path: Path) -> Iterator[RunningLab]:
    topology = tmp_path / "graph.yaml"
    topology.write_text(cli.run("generate", str(COUNT), "--seed", "1"), encoding="utf-8")
    cli.run("up", str(topology), "--name", NAME, *PATIENTLY, timeout=240)
    try:
        yield RunningLab(cli, NAME, tmp_path)
    finally:
        cli.run("down", "--name", NAME)


def table(lab: RunningLab, node: str, family: int) -> set[str]:
    shown = lab.exec(node, "birdc", "show", "route", "table", f"master{family}", "primary")
    return set(re.findall(r"^([0-9a-f.:]+/\d+) ", shown, re.MULTILINE))


def test_sixty_systems_reach_each_other(graph: RunningLab, engine: docker.DockerClient) -> None:
    graph.cli.run("status", "--name", NAME)  # every node has what the plan computes for it
    plan = plan_of(graph)
    assert len(plan.systems) == COUNT
    announced = [prefix for system in plan.systems.values() for prefix in system.prefixes]
    for router in plan.with_role("router")[:: COUNT // SAMPLE]:
        for family in FAMILIES:
            expected = {str(prefix) for prefix in announced if prefix.version == family}
            assert len(expected) == COUNT
            assert expected <= table(graph, router.name, family), (router.name, family)
    graph.cli.run("down", "--name", NAME)
    assert leftovers(engine, NAME) == []
    assert not (graph.cli.state / NAME).exists()
