"""Every shipped topology keeps what its `expect:` promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.loading import load
from orchestrator.shipped import shipped_topologies
from tests.e2e.conftest import Cli, RunningLab

SHIPPED = sorted(shipped_topologies().glob("*.yaml"))
# These run for other tests already, under names of their own.
RUNNING = {"hijack": "hijack", "internet": "internet", "minimal": "minimal"}


@pytest.mark.usefixtures(*RUNNING.values())
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_topology_keeps_its_promises(path: Path, request: pytest.FixtureRequest) -> None:
    plan = load(path)
    assert plan.about
    assert plan.expectations
    lab: RunningLab = request.getfixturevalue(RUNNING[plan.name])
    for expected in plan.expectations:
        run = lab.visit(expected.visit, "--from", expected.source, "--client", "curl")
        assert run.record["status"] == expected.status


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_topology_says_what_it_teaches(path: Path, cli: Cli) -> None:
    assert path.read_text().startswith("# ")
    assert "good:" in cli.run("check", str(path))
