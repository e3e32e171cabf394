"""What a user sees when a visit fails, and when the machine is not ready for a lab."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest

from orchestrator.runtime.polling import wait_for
from tests.e2e.conftest import LAB, REPOSITORY, Cli, RunningLab, timed_out
from tests.e2e.leftovers import leftovers

TOPOLOGY = "topologies/minimal.yaml"
EDGE = "198.18.5.9"


@pytest.mark.parametrize("client", ["chromium", "curl"])
@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://nowhere.example.com/", "dns"),
        ("https://shop.example.com/", "connect"),  # the balancer has no port 443
        (f"https://{EDGE}/", "tls"),  # the certificate is for a name
        ("https://www.example.com/no-such-page", "http"),
    ],
)
def test_a_failed_visit_says_which_step_failed(
    minimal: RunningLab, client: str, url: str, error: str
) -> None:
    options = () if client == "chromium" else ("--client", client)
    run = minimal.visited(url, *options, code=1)
    assert run.record["error"] == error
    assert run.record["error_detail"]
    assert (run.folder / "visit.json").is_file()
    assert run.packets("laptop", "ip", "frame.number")


@pytest.mark.parametrize("client", ["chromium", "curl"])
def test_a_visit_that_takes_too_long_is_a_timeout(
    minimal: RunningLab, engine: docker.DockerClient, client: str
) -> None:
    options = () if client == "chromium" else ("--client", client)
    assert timed_out(minimal, engine, *options).record["error"] == "timeout"


def test_an_unknown_host_is_named(minimal: RunningLab) -> None:
    done = minimal.cli.try_run(
        "visit", "https://www.example.com/", "--name", minimal.name, "--from", "labtop"
    )
    assert done.returncode == 2
    assert "did you mean 'laptop'?" in done.stderr


def test_exec_passes_on_what_the_command_says(minimal: RunningLab) -> None:
    assert minimal.exec("laptop", "sh", "-c", "echo said; exit 7", code=7) == "said\n"


def test_logs_show_the_daemon(minimal: RunningLab) -> None:
    done = minimal.cli.try_run("logs", "--name", minimal.name, "home-gw")
    assert "DHCPACK" in done.stdout + done.stderr


def refused(cli: Cli, engine: docker.DockerClient, code: int, **environment: str) -> str:
    """What `lab up` prints as it refuses; nothing may be left of its attempt."""
    done = cli.try_run("up", TOPOLOGY, "--name", "test-refused", environment=environment)
    assert done.returncode == code, done.stderr
    assert leftovers(engine, "test-refused") == []
    assert "Traceback" not in done.stderr
    return done.stderr


def test_without_docker(cli: Cli, engine: docker.DockerClient, tmp_path: Path) -> None:
    printed = refused(cli, engine, 4, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert f"no Docker daemon answers at unix://{tmp_path}/none.sock" in printed
    assert "hint: unset DOCKER_HOST" in printed


def test_without_permission_on_dockers_socket() -> None:
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", LAB, "build"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "no permission to speak to Docker at unix:///var/run/docker.sock" in done.stderr
    assert "use sudo" in done.stderr


class Relay:
    """A way to Docker that can be cut."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix://{path}"
        self._ends: list[socket.socket] = []
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # it was cut
            while True:
                ours, _ = self._listening.accept()
                docker_end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                docker_end.connect("/var/run/docker.sock")
                self._ends += (ours, docker_end)
                for source, target in ((ours, docker_end), (docker_end, ours)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()

    def cut(self) -> None:
        """As if Docker had ended: who waits to be let in is refused, too."""
        for end in (self._listening, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_docker_goes_away_while_a_lab_comes_up(
    cli: Cli, engine: docker.DockerClient, tmp_path: Path
) -> None:
    relay = Relay(tmp_path / "docker.sock")
    process = subprocess.Popen(
        [LAB, "up", TOPOLOGY, "--name", "test-refused"],
        env={**cli.environment, "DOCKER_HOST": relay.address},
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stderr is not None
    assert "render files" in process.stderr.readline()
    labelled = {"label": "clicklab.lab=test-refused"}
    assert wait_for(lambda: len(engine.api.containers(filters=labelled)) > 1, within_s=30)
    relay.cut()
    said = process.stderr.read()
    assert process.wait(timeout=60) == 4, said
    assert f"Docker at {relay.address} has stopped answering" in said
    assert "lab down" in said
    assert "Traceback" not in said
    cli.run("down", "--name", "test-refused")
    assert leftovers(engine, "test-refused") == []


def test_docker_goes_away_while_events_are_watched(minimal: RunningLab, tmp_path: Path) -> None:
    """The rest is watched all the same."""
    relay = Relay(tmp_path / "docker.sock")
    process = subprocess.Popen(
        [LAB, "events", "--name", minimal.name],
        env={**minimal.cli.environment, "DOCKER_HOST": relay.address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert "watched" in process.stdout.readline()
    relay.cut()
    assert process.stderr.readline() == "note: Docker tells no more of nodes\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.strip()) == (130, "lab: interrupted")


def test_without_privilege() -> None:
    done = subprocess.run(
        ["setpriv", "--bounding-set=-sys_admin", LAB, "up", TOPOLOGY],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 4, done.stderr
    assert "takes root" in done.stderr
    assert "use sudo" in done.stderr


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 64 KiB, less than the files of a lab take."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=True)
    yield folder
    # Also while something that a test left behind still writes there.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_with_a_full_disk(cli: Cli, engine: docker.DockerClient, tiny_disk: Path) -> None:
    printed = refused(cli, engine, 4, CLICKLAB_STATE=str(tiny_disk))
    assert f"cannot write to {tiny_disk}" in printed
    assert "the disk is full" in printed
    assert not (tiny_disk / "test-refused").exists()


def is_told_of_a_full_disk(done: subprocess.CompletedProcess[str], folder: Path) -> bool:
    """With the path, what to free, and by which option to get around it."""
    said = done.stderr
    words = ("the disk is full", str(folder), "hint: ", "--captures")
    return done.returncode == 4 and all(word in said for word in words)


def test_a_visit_on_a_full_disk(minimal: RunningLab, tiny_disk: Path) -> None:
    done = minimal.cli.try_run(
        *("visit", "https://www.example.com/", "--name", minimal.name, "--client", "curl"),
        *("--captures", str(tiny_disk)),
    )
    assert is_told_of_a_full_disk(done, tiny_disk), done.stderr
    assert list(tiny_disk.iterdir()) == []


def test_a_visit_whose_journey_the_disk_does_not_take(minimal: RunningLab, tiny_disk: Path) -> None:
    """What was measured is kept; only what tells it is missing."""
    visit = ("visit", "https://www.example.com/", "--name", minimal.name, "--client", "curl")
    visit = (*visit, "--captures", str(tiny_disk))
    resize(tiny_disk, 8 << 20)
    minimal.cli.run(*visit)
    first = (tiny_disk / "latest").resolve()
    told = sum(path.stat().st_size for path in first.glob("journey.*"))
    rest = sum(path.stat().st_size for path in first.rglob("*")) - told
    used = shutil.disk_usage(tiny_disk).used
    resize(tiny_disk, used + rest + told // 2)
    done = minimal.cli.try_run(*visit)
    assert done.returncode == 4, done.stderr
    assert "the disk is full" in done.stderr
    (run,) = (path for path in tiny_disk.iterdir() if path.name not in ("latest", first.name))
    assert f"{run} is kept, but its journey cannot be told" in done.stderr
    assert (run / "visit.json").is_file()


def resize(disk: Path, size_bytes: int) -> None:
    """Of a tmpfs."""
    options = f"remount,size={size_bytes}"
    subprocess.run(["mount", "-o", options, str(disk)], check=True)


def test_a_capture_on_a_full_disk(minimal: RunningLab, tiny_disk: Path) -> None:
    """It is either over by then, and says why; or it is stopped once there is room again."""
    name = ("--name", minimal.name)
    minimal.cli.run("capture", "start", *name, "--output", str(tiny_disk / "captured"))
    filler = tiny_disk / "filler"
    with suppress(OSError):
        filler.write_bytes(bytes(64 << 10))
    done = minimal.cli.try_run("capture", "stop", *name)
    filler.unlink()
    said = done.stdout + done.stderr
    assert str(tiny_disk / "captured") in said
    if done.returncode == 4:
        assert "the disk is full" in done.stderr
        resize(tiny_disk, 8 << 20)
        assert minimal.cli.try_run("capture", "stop", *name).returncode in (0, 1)
    else:
        assert "No space left on device" in said
        assert done.returncode == 1
    assert minimal.cli.run("capture", "list", *name) == "no capture runs\n"


def test_a_host_that_the_lab_cannot_have(minimal: RunningLab) -> None:
    """It is visited all the same: that a name is denied is worth seeing. But it is said why."""
    visit = ("visit", "--client", "curl", "--no-journey", "--name", minimal.name)
    outside = minimal.cli.try_run(*visit, "https://google.com", "--captures", str(minimal.captures))
    assert outside.returncode == 1
    assert "note: 'google.com' is not in lab" in outside.stderr
    assert "no Internet behind it; its sites are www.example.com" in outside.stderr
    url = "https://nowhere.example.com/"
    inside = minimal.cli.try_run(*visit, url, "--captures", str(minimal.captures))
    assert inside.returncode == 1
    assert "note:" not in inside.stderr


def test_with_an_image_missing(cli: Cli, engine: docker.DockerClient, tmp_path: Path) -> None:
    """The same package with other Dockerfiles: their images were never built."""
    source = REPOSITORY / "images"
    copy = tmp_path / "images"
    subprocess.run(["cp", "-r", source, copy], check=True)
    with (copy / "dns" / "Dockerfile").open("a") as file:
        file.write("LABEL changed=yes\n")
    printed = refused(cli, engine, 4, CLICKLAB_IMAGES=str(copy))
    assert "images are missing: dns" in printed
    assert "make lab" in printed


def test_a_wrong_topology_starts_nothing(
    cli: Cli, engine: docker.DockerClient, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("name: test-refused\nas:\n  isp: {asn: 64501, providers: [isq]}\n")
    done = cli.try_run("up", str(path))
    assert done.returncode == 2
    assert f"{path}:3:33: error: there is no AS 'isq'" in done.stderr
    assert leftovers(engine, "test-refused") == []


def test_the_doctor_is_content(cli: Cli) -> None:
    assert "BAD" not in cli.run("doctor")


def test_a_misspelt_verb(cli: Cli) -> None:
    done = cli.try_run("dwon")
    assert done.returncode == 2
    assert "did you mean 'down'?" in done.stderr
