"""What BIRD says of itself in a running lab, read from birdc's words and nothing of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator

import docker

from orchestrator.plan.codec import plan_from_plain
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession, RouterSettings, RouteServerSettings
from tests.e2e.conftest import RunningLab


def plan_of(lab: RunningLab) -> Plan:
    return plan_from_plain(lab.plan())


def routers(plan: Plan) -> list[Node]:
    return [node for node in plan.nodes.values() if isinstance(node.settings, RouterSettings)]


def speakers(plan: Plan) -> Iterator[tuple[Node, tuple[BgpSession, ...]]]:
    """Every node that runs BIRD, and the sessions it should have."""
    for node in plan.nodes.values():
        if isinstance(node.settings, RouterSettings | RouteServerSettings):
            yield node, node.settings.sessions
        elif node.speaker is not None:
            yield node, node.speaker.sessions


def birdc(lab: RunningLab, node: str, *words: str) -> str:
    """By Docker's own exec: these are many questions, and `lab exec` is tested elsewhere."""
    container = docker.from_env().containers.get(f"clicklab.{lab.name}.{node}")
    code, output = container.exec_run(["birdc", *words])
    assert isinstance(output, bytes)
    assert code == 0, output
    return output.decode()


def bgp_states(lab: RunningLab, node: str) -> dict[str, str]:
    """The state of each BGP session, by its name."""
    rows = [line.split() for line in birdc(lab, node, "show", "protocols").splitlines()]
    return {r[0]: r[5] if len(r) > 5 else r[3] for r in rows if len(r) > 3 and r[1] == "BGP"}


def best_paths(lab: RunningLab, node: str) -> dict[str, tuple[int, ...]]:
    """The AS path of the best route to each prefix that is in BGP, both families."""
    shown = birdc(
        *(lab, node, "show", "route", "table", "master4", "table", "master6", "primary", "all")
    )
    paths: dict[str, tuple[int, ...]] = {}
    prefix = ""
    for line in shown.splitlines():
        if found := re.match(r"([0-9a-f:.]+/\d+)\s", line):
            prefix = found[1]
        if found := re.match(r"\s*(?:BGP\.as_path|bgp_path):(.*)", line):
            paths[prefix] = tuple(map(int, found[1].split()))
    return paths
