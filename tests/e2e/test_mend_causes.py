"""Mending starts the node anew whose doing a drift is, and leaves those that it befell alone."""

from __future__ import annotations

import os
import signal

import docker

from orchestrator.faults.on_nodes import processes_of
from orchestrator.runtime.engine.containers import find_containers
from tests.e2e.conftest import RunningLab


def test_whose_routes_merely_followed_is_left_alone(internet: RunningLab) -> None:
    """Its nginx killed by hand, the edge withdraws its address; its router's routes go too."""
    before = find_containers(docker.from_env(), internet.name)
    for pid, name in processes_of(before["edge-fra"]).items():
        if name == "nginx":
            os.kill(pid, signal.SIGKILL)
    printed = internet.cli.run("mend", "--name", internet.name)
    assert [line for line in printed.splitlines() if "started" in line] == [
        line for line in printed.splitlines() if line.startswith("edge-fra: started anew")
    ]
    after = find_containers(docker.from_env(), internet.name)
    moved = {node for node, container in after.items() if container.pid != before[node].pid}
    assert moved == {"edge-fra"}
