"""What a failed test says of its lab: how it is, and what its routers had just noticed.

A machine that stands still for a second makes sessions expire, and what a test then meets is a
network that finds its ways anew. Nothing of that is in what the test itself saw.
"""

from __future__ import annotations

import time

import docker

from orchestrator.analysis.failover.bird_logs import Noted, read_bird_logs
from orchestrator.analysis.failover.control import owners_of
from orchestrator.plan.codec import plan_from_plain
from orchestrator.runtime.engine.containers import find_containers
from orchestrator.runtime.engine.kept_output import lines_between
from tests.e2e.conftest import RunningLab

_LAST_S = 60
_MOST_LINES = 40


def told_of(lab: RunningLab) -> str:
    """`lab status`, and what BIRD wrote of its sessions in the last minute."""
    status = lab.cli.try_run("status", "--name", lab.name).stdout
    noted = [f"{each.time_ns / 1e9:.3f} {_words(each)}" for each in _noted(lab)]
    return "\n".join([status, f"Of sessions, in the last {_LAST_S} s:", *noted[-_MOST_LINES:]])


def _words(noted: Noted) -> str:
    return f"{noted.node}: {noted.peer} {noted.act} {noted.reason}".rstrip()


def _noted(lab: RunningLab) -> list[Noted]:
    now_ns = time.time_ns()
    plan = plan_from_plain(lab.plan())
    lines = {
        node: list(lines_between(container.log, now_ns - _LAST_S * 10**9, now_ns))
        for node, container in find_containers(docker.from_env(), lab.name).items()
    }
    return sorted(read_bird_logs(lines, plan, owners_of(plan)), key=lambda each: each.time_ns)
