"""How a role becomes a container."""

from __future__ import annotations

from typing import Any, cast

import docker
import pytest

from orchestrator.loading import load
from orchestrator.roles import role_of
from orchestrator.roles.base import ROUTING
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine import priority
from orchestrator.runtime.engine.containers import create_container, known
from orchestrator.shipped import shipped_topologies


def test_sysctls_that_the_kernel_lacks_are_left_out() -> None:
    asked = {"net.ipv4.ip_forward": "1", "net.ipv4.no_such_thing": "1", "net.no.such": "0"}
    assert known(asked) == {"net.ipv4.ip_forward": "1"}


class Docker:
    """Makes nothing, and knows what it was asked to make."""

    def __init__(self) -> None:
        self.api, self.parents = self, dict[str, str]()

    def create_host_config(self, **options: Any) -> dict[str, Any]:
        return options

    def create_container(self, image: str, **options: Any) -> dict[str, str]:
        self.parents[options["hostname"]] = options["host_config"]["cgroup_parent"]
        return {"Id": "0"}


def test_who_runs_bird_goes_before_browsers_and_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    """All containers together were one busy process of the machine: BFD sessions ended."""
    monkeypatch.setattr(priority, "obstacle", lambda *_: "")
    engine, plan = Docker(), load(shipped_topologies() / "minimal.yaml")
    told = {"CgroupDriver": "cgroupfs", "CgroupVersion": "2"}
    for node in plan.nodes.values():
        client = cast(docker.DockerClient, engine)
        create_container(client, LabState("mine"), node, "", "", told)
    ahead = {name for name, parent in engine.parents.items() if parent == "/clicklab.mine"}
    shares = {node.name: role_of(node).limits.cpu_shares for node in plan.nodes.values()}
    assert ahead == {name for name in shares if shares[name] == ROUTING.cpu_shares}
    assert {parent for name, parent in engine.parents.items() if name not in ahead} == {""}
