"""A lab's life: up, up again, restarted nodes, interruptions."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from orchestrator.runtime.disk.labs import read_names
from orchestrator.runtime.polling import wait_for
from tests.e2e.conftest import PAIR, Cli, RunningLab
from tests.e2e.leftovers import host_interfaces, leftovers

TOPOLOGY = "topologies/minimal.yaml"
URL = "https://www.example.com/"


@pytest.fixture
def two_routers(tmp_path: Path) -> str:
    """The file of the smallest topology: what ends early need not be large."""
    path = tmp_path / "pair.yaml"
    path.write_text(PAIR)
    return str(path)


def is_healthy(lab: RunningLab) -> bool:
    return lab.cli.try_run("status", "--name", lab.name).returncode == 0


def identities(lab: str) -> set[str]:
    """The containers of a lab that run."""
    found = docker.from_env().api.containers(filters={"label": f"clicklab.lab={lab}"})
    return {entry["Id"] for entry in found}


def test_up_again_changes_nothing(minimal: RunningLab) -> None:
    before = identities(minimal.name)
    printed = minimal.cli.run("up", TOPOLOGY, "--name", minimal.name)
    assert "up already" in printed
    assert identities(minimal.name) == before


def test_its_names_are_there_for_shells(
    minimal: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKLAB_STATE", str(minimal.cli.state))
    status = json.loads(minimal.cli.run("status", "--name", minimal.name, "--json"))
    assert read_names(minimal.name).nodes == [node["name"] for node in status["nodes"]]


def test_a_status_names_what_is_wrong(minimal: RunningLab, engine: docker.DockerClient) -> None:
    container = engine.containers.get(f"clicklab.{minimal.name}.shop-db")
    container.pause()
    try:
        status = minimal.cli.try_run("status", "--name", minimal.name, "--json")
    finally:
        container.unpause()
    assert status.returncode == 1
    problems = {n["name"]: n["problem"] for n in json.loads(status.stdout)["nodes"]}
    assert problems["shop-app1"]
    assert problems["laptop"] is None
    assert wait_for(lambda: is_healthy(minimal), within_s=120)


@pytest.mark.parametrize("node", ["isp", "home-gw", "laptop"])
def test_a_restarted_node_gets_its_links_back(
    minimal: RunningLab, engine: docker.DockerClient, node: str
) -> None:
    """Restarted behind the orchestrator's back, as `docker restart` or a crash would."""
    engine.containers.get(f"clicklab.{minimal.name}.{node}").restart(timeout=0)
    assert wait_for(lambda: is_healthy(minimal), within_s=120), minimal.cli.try_run(
        "status", "--name", minimal.name
    ).stdout
    assert minimal.visit(URL, "--client", "curl", "--cold=all").record["status"] == 200


@pytest.mark.parametrize("content", ["", '{"keeper": {"pid":', None])
def test_down_leaves_nothing_without_its_record(
    cli: Cli, engine: docker.DockerClient, two_routers: str, content: str | None
) -> None:
    """Namespaces, keeper and `wire` stayed behind where state.json was empty or half."""
    cli.run("up", two_routers, "--name", "test-lost")
    record = cli.state / "test-lost/state.json"
    record.unlink() if content is None else record.write_text(content)
    assert "Traceback" not in cli.try_run("status", "--name", "test-lost").stderr
    cli.run("down", "test-lost")
    assert leftovers(engine, "test-lost") == []


@pytest.mark.parametrize(
    ("wild", "said"),
    [
        ("head -c 2G /dev/zero >/tmp/full", "No space left"),
        ("for n in $(seq 3000); do sleep 30 & done", "fork"),
    ],
)
def test_a_node_that_runs_wild_meets_its_own_limits(
    minimal: RunningLab, wild: str, said: str
) -> None:
    done = minimal.cli.try_run("exec", "--name", minimal.name, "edge", "--", "sh", "-c", wild)
    minimal.cli.try_run("exec", "--name", minimal.name, "edge", "--", "rm", "-f", "/tmp/full")
    minimal.restart("edge")
    assert done.returncode != 0
    assert said in done.stderr
    assert wait_for(lambda: is_healthy(minimal), within_s=120)


def test_two_labs_do_not_know_of_each_other(
    minimal: RunningLab, cli: Cli, engine: docker.DockerClient
) -> None:
    before = host_interfaces()
    cli.run("up", TOPOLOGY, "--name", "test-second")
    # Nothing of a lab shows in the host's own network namespace, not even while it is up.
    assert host_interfaces() == before
    assert minimal.visit(URL, "--client", "curl").record["status"] == 200
    cli.run("down", "--name", "test-second")
    assert leftovers(engine, "test-second") == []
    assert is_healthy(minimal)
    assert minimal.visit(URL, "--client", "curl", "--cold=all").record["status"] == 200


def start_until(cli: Cli, topology: str, name: str, lines: int) -> subprocess.Popen[str]:
    """`lab up`, running, with so many stages behind it."""
    process = cli.start("up", topology, "--name", name, stderr=subprocess.PIPE)
    assert process.stderr is not None
    for _ in range(lines):
        assert process.stderr.readline()
    return process


@pytest.mark.parametrize("stages", range(6))
def test_a_killed_up_leaves_nothing(
    cli: Cli, engine: docker.DockerClient, two_routers: str, stages: int
) -> None:
    """SIGKILL after each stage, so in the middle of the next; then `lab down`."""
    process = start_until(cli, two_routers, "test-killed", stages)
    process.kill()
    process.wait()
    cli.run("down", "--name", "test-killed")
    assert leftovers(engine, "test-killed") == []


def test_a_killed_start_of_containers_leaves_nothing(cli: Cli, engine: docker.DockerClient) -> None:
    """SIGKILL while Docker is busy with the lab's containers."""
    process = start_until(cli, TOPOLOGY, "test-killed", 1)
    labelled = {"label": "clicklab.lab=test-killed"}
    assert wait_for(
        lambda: len(engine.api.containers(all=True, filters=labelled)) >= 6, 120, every_s=0.005
    )
    process.kill()
    process.wait()
    cli.run("down", "--name", "test-killed")
    assert leftovers(engine, "test-killed") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_cleans_up_by_itself(
    cli: Cli, engine: docker.DockerClient, two_routers: str, number: signal.Signals
) -> None:
    process = start_until(cli, two_routers, "test-interrupted", 2)
    process.send_signal(number)
    _, printed = process.communicate(timeout=120)
    assert process.returncode == 130, printed
    assert leftovers(engine, "test-interrupted") == []
    assert not (cli.state / "test-interrupted").exists()


def test_another_topology_does_not_replace_a_lab_unasked(minimal: RunningLab) -> None:
    """The same file with a change counts as another one."""
    again = ("up", TOPOLOGY, "--name", minimal.name)
    before = identities(minimal.name)
    for other in (("up", "hijack", "--name", minimal.name), (*again, "--set", "about=other")):
        done = minimal.cli.try_run(*other)
        assert done.returncode == 2, done.stderr
        assert f"a lab '{minimal.name}' runs that is not of this topology" in done.stderr
        assert f"booted from {TOPOLOGY} by " in done.stderr
        assert f"would be lost: {len(before)} nodes" in done.stderr
        assert "--replace" in done.stderr
        assert f"lab down {minimal.name}" in done.stderr
    assert identities(minimal.name) == before
    # Nor is anything replaced that is the same, whatever is allowed.
    assert "up already" in minimal.cli.run(*again, "--replace")
    assert identities(minimal.name) == before


@pytest.fixture
def pair(cli: Cli, two_routers: str) -> Iterator[tuple[str, Path]]:
    """A lab of two routers that is up: its name, and its file."""
    name = "test-pair"
    cli.run("up", two_routers, "--name", name)
    yield name, Path(two_routers)
    cli.run("down", "--name", name)


def test_another_topology_replaces_a_lab_where_that_is_said(
    cli: Cli, pair: tuple[str, Path]
) -> None:
    name, topology = pair
    topology.write_text(PAIR.replace("ber", "muc"))
    before = identities(name)
    cli.run("up", str(topology), "--name", name, code=2)
    assert identities(name) == before
    assert "is ready" in cli.run("up", str(topology), "--name", name, "--replace")
    assert not identities(name) & before


def test_a_lab_whose_nodes_have_ended_is_replaced_unasked(
    cli: Cli, pair: tuple[str, Path], engine: docker.DockerClient
) -> None:
    name, topology = pair
    before = identities(name)
    for container in before:
        engine.api.kill(container)
    topology.write_text(PAIR.replace("ber", "muc"))
    assert "is ready" in cli.run("up", str(topology), "--name", name)
    assert not identities(name) & before


def test_to_heal_all_of_nothing_is_fine(minimal: RunningLab) -> None:
    healed = minimal.cli.run("heal", "--all", "--name", minimal.name)
    assert healed == "no fault is in force: there is nothing to heal\n"


@pytest.mark.parametrize("verb", ["events", "status"])
def test_a_reader_that_goes_is_no_error(minimal: RunningLab, verb: str) -> None:
    """As `| head -1` does."""
    pipe = subprocess.PIPE
    process = minimal.cli.start(verb, "--name", minimal.name, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_a_program_that_a_node_lacks_is_named(minimal: RunningLab) -> None:
    done = minimal.cli.try_run("exec", "--name", minimal.name, "edge", "--", "no-such", "-x")
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr == "lab: 'edge' has no program 'no-such'\n"


@pytest.mark.parametrize("node", ["cloud", "laptop"])
def test_nothing_of_the_host_s_network_is_in_a_node(minimal: RunningLab, node: str) -> None:
    """Docker, which has none for it, would put this machine's name servers there."""
    shown = json.loads(minimal.exec(node, "ip", "-j", "link"))
    planned = {port["name"] for port in minimal.plan()["nodes"][node]["interfaces"]}
    assert {port["ifname"] for port in shown} == {*planned, "lo"}
    assert "127.0.0.1" in minimal.exec(node, "getent", "ahostsv4", "localhost")
    servers = re.findall(r"^nameserver (\S+)", minimal.exec(node, "cat", "/etc/resolv.conf"), re.M)
    assert servers == (["192.168.1.1"] if node == "laptop" else [])


def test_down_of_nothing_is_fine(cli: Cli) -> None:
    assert "was not up" in cli.run("down", "--name", "test-never-was")
    assert not (cli.state / "test-never-was.lock").exists()
