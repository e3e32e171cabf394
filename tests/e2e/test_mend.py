"""What was changed by hand is brought back to the plan, and said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import docker
import pytest

from orchestrator.drift import differences
from orchestrator.faults.on_nodes import processes_of
from orchestrator.plan.model import Plan
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.containers import find_containers
from orchestrator.runtime.network.wiring import namespaces_of
from tests.e2e.conftest import RunningLab

Drift = Callable[[RunningLab], object]
KILLED = """import os, sys
from orchestrator.runtime.network.families import only_family
with only_family(sys.argv[1], 4):
    os._exit(0)
"""


@pytest.fixture
def lab(minimal: RunningLab, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningLab]:
    """The smallest lab, for this process too."""
    monkeypatch.setenv("CLICKLAB_STATE", str(minimal.cli.state))
    assert differences(minimal.name) == ()
    yield minimal
    minimal.cli.try_run("mend", "--name", minimal.name)


def change(lab: RunningLab, node: str, *argv: str) -> None:
    """By a command of the host's in a node's network namespace: nodes may not do that."""
    path = namespaces_of(lab_plan(lab))[node]
    subprocess.run(["nsenter", f"--net={path}", *argv], check=True)


def flush(lab: RunningLab) -> None:
    change(lab, "cloud", "ip", "address", "flush", "dev", "eth0")


def take_down(lab: RunningLab) -> None:
    change(lab, "isp", "ip", "link", "set", "eth0", "down")


def edit(lab: RunningLab) -> None:
    file = LabState(lab.name).node_folder("cloud") / "bird.conf"
    file.write_text(file.read_text() + "# changed\n")


def stop(lab: RunningLab) -> None:
    docker.from_env().containers.get(f"clicklab.{lab.name}.shop-app1").stop(timeout=0)


def pause(lab: RunningLab) -> None:
    docker.from_env().containers.get(f"clicklab.{lab.name}.edge").pause()


def end_keeper(lab: RunningLab) -> None:
    keeper = LabState(lab.name).record().keeper
    assert keeper is not None
    os.kill(keeper.pid, signal.SIGKILL)


def end_wire_and_keeper(lab: RunningLab) -> None:
    end_keeper(lab)
    wire = LabState(lab.name).record().wire
    assert wire is not None
    wire.end()


def keep_from_ipv6(lab: RunningLab) -> None:
    """As a visit with -4 that was killed."""
    path = namespaces_of(lab_plan(lab))["laptop"]
    subprocess.run([sys.executable, "-c", KILLED, path], check=True)


def lab_plan(lab: RunningLab) -> Plan:
    return LabState(lab.name).plan()


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        (flush, "cloud: started anew"),
        (take_down, "made anew, as planned"),
        (edit, "cloud: /lab/bird.conf is as planned again"),
        (stop, "shop-app1: started"),
        (pause, "edge: goes on"),
        (end_keeper, "the keeper: started again"),
        (end_wire_and_keeper, "wire: started again"),
        (keep_from_ipv6, "laptop: reaches both families again"),
    ],
)
def test_a_drift_is_mended_and_said(lab: RunningLab, drift: Drift, said: str) -> None:
    drift(lab)
    printed = lab.cli.run("mend", "--name", lab.name)
    assert said in printed
    assert differences(lab.name) == ()


def test_a_lab_that_is_well_is_left_alone(lab: RunningLab) -> None:
    before = {c.node: c.pid for c in find_containers(docker.from_env(), lab.name).values()}
    assert "nothing to mend" in lab.cli.run("mend", "--name", lab.name)
    after = find_containers(docker.from_env(), lab.name)
    assert {c.node: c.pid for c in after.values()} == before
    assert processes_of(after["cloud"])


def test_faults_are_healed_and_not_mended(lab: RunningLab) -> None:
    lab.cli.run("fault", "node-freeze", "shop-db", "--name", lab.name)
    try:
        refused = lab.cli.try_run("mend", "--name", lab.name)
    finally:
        lab.cli.run("heal", "--all", "--name", lab.name)
    assert refused.returncode == 2
    assert "lab heal --all" in refused.stderr


def test_a_link_that_was_set_by_hand_stays_so_after_a_fault(minimal: RunningLab) -> None:
    """It was waited for until the time was up: "healed, but the lab is not as before", exit 1."""
    name, link = ("--name", minimal.name), "cloud--isp"
    minimal.cli.run("link", *name, "set", link, "delay=30ms")
    try:
        minimal.cli.run("fault", *name, "link-blackhole", link)
        healed = minimal.cli.run("heal", *name)
        assert f"the lab is as its plan says, but for 'lab link': {link}" in healed
        assert "delay 30 ms" in minimal.cli.run("link", *name)
    finally:
        minimal.cli.run("link", *name, "reset", link)
    assert "nothing to mend" in minimal.cli.run("mend", *name)
