"""A node's sockets are found as the node would find them, and nobody is listened to for ever."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from orchestrator.runtime.engine import inside
from orchestrator.runtime.engine.containers import Container

SOCKET = "/run/bird.ctl"
IN_A_ROOT_OF_ITS_OWN = "import os, sys; os.chroot(sys.argv[1]); print(flush=True); input()"


@contextmanager
def node_at(root: Path) -> Iterator[Container]:
    """A process whose root directory is ``root``, as a node."""
    argv = [sys.executable, "-c", IN_A_ROOT_OF_ITS_OWN, str(root)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield Container("", "router", process.pid, running=True, image="")
        finally:
            process.kill()


@contextmanager
def server(path: Path, *parts: bytes, hangs_up: bool = True) -> Iterator[list[int]]:
    """Somebody who answers the first question with ``parts``, and counts who came."""
    came: list[int] = []
    done = threading.Event()

    def serve(listening: socket.socket) -> None:
        try:
            talking, _ = listening.accept()
        except OSError:  # nobody came until the end
            return
        came.append(1)
        with talking:
            with suppress(BrokenPipeError):
                for part in parts:
                    talking.sendall(part)
            if not hangs_up:
                done.wait(30)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield came
        done.set()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/run").mkdir(parents=True)
    return tmp_path / "root"


def test_a_link_in_a_node_does_not_lead_to_a_socket_of_the_host(tmp_path: Path, root: Path) -> None:
    (root / SOCKET[1:]).symlink_to(tmp_path / "host.sock")
    with (
        server(tmp_path / "host.sock", b"0001 ready\n") as came,
        node_at(root) as node,
        pytest.raises(FileNotFoundError),
        inside.conversation(node, SOCKET),
    ):
        pass
    assert not came


def test_a_link_in_a_node_leads_where_it_leads_in_the_node(root: Path) -> None:
    (root / SOCKET[1:]).symlink_to("/run/other.ctl")
    with (
        server(root / "run/other.ctl", b"0001 ready\n"),
        node_at(root) as node,
        inside.conversation(node, SOCKET) as control,
    ):
        assert control.hear(lambda heard: heard.endswith(b"\n")) == "0001 ready\n"


@pytest.mark.parametrize("target", ["../../../../proc/self/fd/0", "/proc/self/root/etc/passwd"])
def test_no_way_out_of_a_node_s_files(root: Path, target: str) -> None:
    (root / "file").symlink_to(target)
    with (
        node_at(root) as node,
        pytest.raises(OSError, match="file"),
        inside.opened_inside(node, "/file"),
    ):
        pass


def test_an_answer_that_dribbles_ends(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_ANSWERS_WITHIN_S", -1.0)
    with (
        server(root / SOCKET[1:], b"00", hangs_up=False),
        node_at(root) as node,
        inside.conversation(node, SOCKET) as control,
        pytest.raises(TimeoutError),
    ):
        control.hear(lambda heard: False)


def test_an_answer_without_end_ends(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_MOST_BYTES", 10)
    with (
        server(root / SOCKET[1:], b"x" * 100),
        node_at(root) as node,
        inside.conversation(node, SOCKET) as control,
        pytest.raises(ConnectionError, match="has no end"),
    ):
        control.hear_out()


def test_who_hangs_up_in_between_said_nothing(root: Path) -> None:
    with (
        server(root / SOCKET[1:], b"0001 rea"),
        node_at(root) as node,
        inside.conversation(node, SOCKET) as control,
        pytest.raises(ConnectionError, match="hung up"),
    ):
        control.hear(lambda heard: heard.endswith(b"\n"))


def test_what_is_said_until_the_end_is_heard(root: Path) -> None:
    with (
        server(root / SOCKET[1:], b"Succ", b"ess!\n"),
        node_at(root) as node,
        inside.conversation(node, SOCKET) as control,
    ):
        assert control.hear_out() == "Success!\n"


def test_a_node_that_is_gone(root: Path) -> None:
    gone = Container("", "router", 2**22 + 1, running=True, image="")
    with pytest.raises(FileNotFoundError), inside.opened_inside(gone, os.sep):
        pass
