"""What a user sees when a visit fails, and when the machine is not ready for a lab."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

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
    assert "no Docker daemon answers" in printed
    assert "hint: start it" in printed


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
    subprocess.run(["umount", str(folder)], check=True)


def test_with_a_full_disk(cli: Cli, engine: docker.DockerClient, tiny_disk: Path) -> None:
    printed = refused(cli, engine, 4, CLICKLAB_STATE=str(tiny_disk))
    assert "the disk is full" in printed
    assert not (tiny_disk / "test-refused").exists()


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
