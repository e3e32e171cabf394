"""What is signalled and removed: containers of the lab, and nothing that only has their number."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any, cast

import docker
import pytest

from orchestrator.errors import DeployError
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.engine import containers
from orchestrator.runtime.engine.containers import Container, remove_containers


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has the number which a container's first process had."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_number_that_is_another_process_s_by_now_is_not_signalled(
    stranger: subprocess.Popen[bytes],
) -> None:
    Container("f" * 64, "router", stranger.pid, True, "").signal(signal.SIGKILL)
    with pytest.raises(subprocess.TimeoutExpired):
        stranger.wait(0.2)


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1])
def test_a_node_that_is_off_is_not_signalled(pid: int) -> None:
    Container("f" * 64, "router", pid, False, "").signal(signal.SIGKILL)


def test_parts_of_two_labs_never_have_one_name() -> None:
    """Labs `bnu` with a switch `eu-ix` and `bnu-eu` with a switch `ix` did."""
    assert system_name("bnu", "eu-ix") != system_name("bnu-eu", "ix")


class Docker:
    """Removes ``at_once`` containers per listing; the clock goes 30 s on with each."""

    def __init__(self, count: int, at_once: int) -> None:
        self.api, self.present, self.at_once, self.now_s = self, count, at_once, 0.0

    def containers(self, **options: Any) -> list[dict[str, str]]:
        self.now_s += 30
        listed = [{"Id": str(number)} for number in range(self.present)]
        self.present = max(0, self.present - self.at_once)
        return listed

    def inspected(self, client: object, names: Iterable[str]) -> Iterator[dict[str, Any]]:
        state = {"Pid": 0, "Running": False, "Paused": False}
        config = {"Labels": {}, "Image": ""}
        return ({"Id": n, "State": state, "Config": config, "LogPath": ""} for n in names)

    def remove_container(self, identifier: str, **options: Any) -> None:
        pass

    def monotonic(self) -> float:
        return self.now_s


def remove(engine: Docker, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(containers.time, "monotonic", engine.monotonic)
    monkeypatch.setattr(containers, "inspected", engine.inspected)
    return remove_containers(cast(docker.DockerClient, engine), "big")


def test_a_removal_goes_on_as_long_as_docker_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of 500 nodes took longer than 20 s, and was taken for one that is stuck."""
    assert remove(Docker(500, at_once=50), monkeypatch) == 450


def test_a_removal_that_comes_to_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeployError, match="keep appearing"):
        remove(Docker(5, at_once=0), monkeypatch)
