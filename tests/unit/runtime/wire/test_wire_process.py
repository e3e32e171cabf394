"""What WireControl says on the socket and makes of the answers; the wire here is a few lines."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.errors import DeployError, FaultError
from orchestrator.runtime.wire import process
from orchestrator.runtime.wire.process import End, WireControl, start_wire

A = End("/proc/1/ns/net", "eth0", 3, "02:00:00:00:00:01")
B = End("/run/netns/b", "eth1", 4, "02:00:00:00:00:02")


@contextmanager
def answering(path: Path, *answers: bytes) -> Iterator[list[str]]:
    """A wire that gives these answers to one client, then hangs up; yields what it was asked."""
    asked: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(5)
        server = threading.Thread(target=_answer, args=(listener, answers, asked))
        server.start()
        yield asked
        server.join()


def _answer(listener: socket.socket, answers: tuple[bytes, ...], asked: list[str]) -> None:
    client, _ = listener.accept()
    with client, client.makefile("rb") as lines:
        for answer in answers:
            asked.append(lines.readline().decode().rstrip("\n"))
            client.sendall(answer)


def test_each_method_is_one_line(tmp_path: Path) -> None:
    path, answers = tmp_path / "control", [b"ok {}\n"] * 10
    answers[8] = b'ok {"links":["x","y"]}\n'
    with answering(path, *answers) as asked, WireControl(path) as wire:
        wire.add("x", A, B, 1400)
        wire.set("x", "ab", delay_ns=5, loss="nth:3")
        wire.reset("x")
        wire.blackhole("x", "ba", True)
        wire.carrier("x", False)
        wire.show("x")
        wire.delete("x")
        wire.seed(7)
        assert wire.links() == ["x", "y"]
        wire.quit()
    assert asked == [
        "add x /proc/1/ns/net eth0 3 02:00:00:00:00:01 /run/netns/b eth1 4 02:00:00:00:00:02 1400",
        "set x ab delay_ns=5 loss=nth:3",
        "reset x",
        "blackhole x ba on",
        "carrier x down",
        "show x",
        "del x",
        "seed 7",
        "list",
        "quit",
    ]


def test_what_wire_shows_is_returned(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with answering(path, b'ok {"carrier":"up"}\n'), WireControl(path) as wire:
        assert wire.show("x") == {"carrier": "up"}


def test_a_refusal_is_a_fault_in_the_words_of_wire(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with answering(path, b"error no link 'y'; did you mean 'x'?\n"), WireControl(path) as wire:
        with pytest.raises(FaultError) as refused:
            wire.set("y", delay_ns=1)
        assert refused.value.message == "wire: no link 'y'; did you mean 'x'?"


def test_a_link_that_cannot_be_added_is_a_failed_deployment(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with answering(path, b"error cannot open namespace /n\n"), WireControl(path) as wire:
        with pytest.raises(DeployError) as refused:
            wire.add("x", A, B)
        assert refused.value.message == "link x: wire: cannot open namespace /n"


@pytest.mark.parametrize("answer", [b"hello\n", b"ok [1\n", b"ok\n", b"ok \xff\n"])
def test_an_answer_that_is_none_is_an_error(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "control"
    said = pytest.raises(DeployError, match="wire said")
    with answering(path, answer), WireControl(path) as wire, said:
        wire.stats()


@pytest.mark.parametrize("answer", [b"", b"ok {"])
def test_a_wire_that_ends_is_an_error(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "control"
    ended = pytest.raises(DeployError, match="the lab's wire ended")
    with answering(path, answer), WireControl(path) as wire, ended:
        wire.stats()


def test_a_wire_that_says_nothing_is_not_waited_for_long(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)
        silent = pytest.raises(DeployError, match="does not answer")
        with WireControl(path, timeout_s=0.05) as wire, silent:
            wire.stats()


def test_nobody_at_the_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="does not answer"):
        WireControl(tmp_path / "none")


def test_a_line_cannot_hold_another(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with answering(path, b"ok {}\n") as asked, WireControl(path) as wire:
        with pytest.raises(FaultError, match="one line"):
            wire.show("x\nquit")
        wire.stats()
    assert asked == ["stats"]


def test_a_program_that_ends_at_once_is_told_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "wire"
    program.write_text("#!/bin/sh\necho no room here >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(process, "WIRE", program)
    with pytest.raises(DeployError, match=r"did not start \(exit 1\): no room here"):
        start_wire(tmp_path / "control", tmp_path / "log")


def test_however_long_the_path_is(tmp_path: Path) -> None:
    """A socket's has up to 107 octets; where tests keep their state it was longer."""
    folder = tmp_path / ("x" * 200)
    folder.mkdir()
    started = start_wire(folder / "control", tmp_path / "log")
    try:
        with WireControl(folder / "control") as wire:
            assert wire.stats()["pid"] == started.pid
    finally:
        started.end()


def test_a_program_that_is_not_built_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "WIRE", tmp_path / "none")
    with pytest.raises(DeployError, match="make lab"):
        start_wire(tmp_path / "control", tmp_path / "log")
