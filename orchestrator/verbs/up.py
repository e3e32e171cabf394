"""Boot a lab, readable as a table of contents. What runs is a plan (loading.py)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import docker

from orchestrator.browser.chromium import managed_policy
from orchestrator.errors import DeployError, LabError, UsageError
from orchestrator.plan.model import Plan
from orchestrator.render.main import render_plan
from orchestrator.runtime import boot
from orchestrator.runtime.daemons.caches import empty_resolvers
from orchestrator.runtime.disk.labs import write_names
from orchestrator.runtime.disk.origin import Origin, origin_here
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import Container, find_containers
from orchestrator.runtime.keeper import start_keeper
from orchestrator.runtime.shield import shielded
from orchestrator.verbs.names import names_of

READY_WITHIN_S = 60.0


@dataclass
class Stages:
    """Tells a front end what is going on: each stage as it begins and ends, with its time."""

    begin: Callable[[str], None]
    end: Callable[[str, float], None]
    pending: Callable[[Mapping[str, str]], None]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One stage of long work."""
        self.begin(name)
        started = time.monotonic()
        yield
        self.end(name, time.monotonic() - started)


def up(
    plan: Plan,
    stages: Stages,
    within_s: float = READY_WITHIN_S,
    keep: bool = False,
    replace: bool = False,
    topology: str = "",
) -> bool:
    """Boot a lab and return when all of it answers; False if it was up and well already.

    Fine to run again, also after a crash. On failure or interruption everything is removed
    again, unless ``keep`` is set. ``topology`` is the file of the plan, for who asks later.
    Raises UsageError where a lab of another plan runs under the name, unless ``replace`` is set;
    HostError where this machine is not ready, and DeployError where the lab does not come up.
    """
    require_root()
    client, state = connect(), LabState(plan.name)
    with state.locked():
        if _is_up(client, state, plan):
            return False
        images = boot.require_images(client, plan)
        containers = find_containers(client, plan.name)
        if containers and not state.exists():
            hint = f"choose another --name, or remove it: lab down {plan.name}"
            raise DeployError(f"a lab '{plan.name}' is up that is recorded elsewhere", hint)
        if not replace:
            _refuse_other(state, plan, containers)
        if state.exists():
            with stages.stage("remove what was left"):
                boot.take_down(client, state)
        try:
            _boot(client, state, plan, images, stages, within_s, origin_here(topology))
        except BaseException:
            if not keep:
                with shielded():
                    boot.take_down(client, state)
            raise
    return True


def _is_up(client: docker.DockerClient, state: LabState, plan: Plan) -> bool:
    if not state.record().ready or not _is_of(state, plan):
        return False
    nodes = tuple(plan.nodes.values())
    return not boot.ill_nodes(state, plan, find_containers(client, plan.name), nodes)


def _is_of(state: LabState, plan: Plan) -> bool:
    """Whether the lab that is recorded was made from this plan."""
    try:
        return state.plan() == plan
    except LabError:  # of another version, or with its files gone
        return False


def _refuse_other(state: LabState, plan: Plan, containers: Mapping[str, Container]) -> None:
    """Raises UsageError where a lab of another plan runs; one that is half-made, or whose nodes
    have all ended, may go."""
    record = state.record()
    running = sum(container.running for container in containers.values())
    if not record.ready or not running or _is_of(state, plan):
        return
    origin = f", {record.origin}" if record.origin else ""
    captures = f", and captures under way: {len(record.captures)}" if record.captures else ""
    message = (
        f"a lab '{plan.name}' runs that is not of this topology{origin}\n"
        f"  what would be lost: {running} nodes, all that was done in them{captures}"
    )
    hint = f"replace it with --replace, remove it: lab down {plan.name}, or choose another --name"
    raise UsageError(message, hint)


def _boot(
    client: docker.DockerClient,
    state: LabState,
    plan: Plan,
    images: Mapping[str, str],
    stages: Stages,
    within_s: float,
    origin: Origin,
) -> None:
    with stages.stage("render files and mint keys"):
        state.create(plan)
        state.update(origin=origin)
        write_names(plan.name, names_of(plan))
        boot.write_nodes(state, plan, render_plan(plan), _browser_trust)
    with stages.stage(f"start {len(plan.nodes)} containers"):
        containers = boot.make_containers(client, state, plan, images)
    with stages.stage(f"wire {len(plan.links)} links"):
        boot.wire_lab(state, plan, containers)
    with stages.stage("start daemons"):
        boot.start_daemons(state, plan, containers, within_s, stages.pending)
    with stages.stage("converge: sessions, zones, leases, sites"):
        nodes = tuple(plan.nodes.values())
        boot.await_ready(state, plan, containers, nodes, within_s, stages.pending)
    with stages.stage("empty the caches that the checks filled"):
        empty_resolvers(client, plan, containers)
    start_keeper(state)
    state.update(ready=True)


def _browser_trust(root_der: bytes) -> Mapping[str, str]:
    return {"policies/lab.json": json.dumps(managed_policy(root_der), indent=1)}
