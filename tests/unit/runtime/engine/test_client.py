"""No Docker, a Docker that hangs, one that goes away: what a user is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from orchestrator.errors import HostError, LabError
from orchestrator.runtime.engine.client import connect, explaining, inspected, is_of_docker
from orchestrator.verbs.bugs import refusal_in

_ANSWERS = {"/version": b'{"ApiVersion": "1.44"}', "/_ping": b"OK"}
Serve = Callable[[socket.socket], None]


def answer(connection: socket.socket) -> None:
    """As Docker would, so far as a first greeting goes; then it hangs up."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(4096)
    answer_to(request, connection)


def answer_to(request: bytes, connection: socket.socket) -> None:
    path = request.split()[1].decode()
    body = next((body for end, body in _ANSWERS.items() if path.endswith(end)), b"")
    if body:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)


@contextmanager
def daemon(path: Path, serve: Serve) -> Iterator[None]:
    """Something that listens where Docker would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen()

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:  # it was closed
                    return
                with connection:
                    serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def half(connection: socket.socket) -> None:
    """As Docker that is killed while it answers about containers."""
    request = connection.recv(4096)
    if b"/containers/" not in request:
        return answer_to(request, connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n[")
    return None


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{found}")
    return found


def refused(timeout_s: int = 60) -> HostError:
    with pytest.raises(HostError) as caught:
        connect(timeout_s)
    assert "Error" not in caught.value.message
    assert "Error" not in caught.value.hint
    return caught.value


def test_nothing_is_there(path: Path) -> None:
    error = refused()
    told = f"no Docker daemon answers at unix://{path}: No such file or directory"
    assert error.message == told
    assert "unset DOCKER_HOST" in error.hint


def test_nobody_listens(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_over:
        left_over.bind(str(path))
    assert refused().message.endswith(f"unix://{path}: Connection refused")


def test_somebody_else_listens(path: Path) -> None:
    with daemon(path, lambda connection: None):
        assert "no Docker daemon answers" in refused().message


def test_it_hangs(path: Path) -> None:
    enough = threading.Event()

    def say_nothing(connection: socket.socket) -> None:
        enough.wait()

    with daemon(path, say_nothing):
        try:
            assert refused(1).message.endswith("did not answer within 1 s")
        finally:
            enough.set()


@pytest.mark.parametrize("written", ["nonsense://x", "ssh://somewhere", "unix"])
def test_a_host_that_can_be_none(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", written)
    error = refused()
    assert written in error.message
    assert "unset DOCKER_HOST" in error.hint


def test_it_goes_away(path: Path) -> None:
    with daemon(path, answer):
        client = connect()
    with pytest.raises(HostError) as caught:
        client.api.containers()
    assert caught.value.message == f"Docker at unix://{path} has stopped answering"
    assert "lab down" in caught.value.hint
    assert caught.value.exit_code == 4


def test_it_goes_away_in_the_middle_of_an_answer(path: Path) -> None:
    def cut(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[")

    with daemon(path, answer):
        client = connect()
    path.unlink()
    with daemon(path, cut), pytest.raises(HostError, match="has stopped answering"):
        client.api.containers()


def test_what_it_refuses_is_told_in_its_own_words(path: Path) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(4096)
        body = b'{"message": "no space left on device"}'
        head = f"HTTP/1.1 500 No\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    with daemon(path, answer):
        client = connect()
    path.unlink()
    with daemon(path, refuse), pytest.raises(LabError) as caught, explaining():
        client.api.containers()
    assert caught.value.message == "the disk is full: no space left on device"
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda client: client.api.containers(), id="a list"),
        pytest.param(lambda client: list(client.api.logs("x", stream=True)), id="a stream"),
    ],
)
def test_a_docker_that_dies_while_it_answers_is_no_bug(
    path: Path, ask: Callable[[docker.DockerClient], object]
) -> None:
    with daemon(path, half):
        client = connect()
        with pytest.raises(Exception) as caught:  # noqa: PT011
            ask(client)
    assert isinstance(caught.value, HostError) or isinstance(refusal_in(caught.value), HostError)


def test_a_connection_of_ours_that_breaks_is_not_docker_s() -> None:
    with pytest.raises(ConnectionError) as caught:
        raise ConnectionResetError("by a node")
    assert not is_of_docker(caught.value)


def of_containers(connection: socket.socket) -> None:
    """As Docker that has `one` and `two`, over one connection until something goes wrong."""
    with connection.makefile("rb") as requests:
        while words := requests.readline().split():
            while requests.readline().strip():
                pass
            name = words[1].decode().split("/")[-2]
            code = {"one": 200, "two": 200, "ill": 500}.get(name, 404)
            body = f'{{"Id": "{name}", "message": "no"}}'.encode()
            head = f"HTTP/1.1 {code} So\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            if code == 500:
                return


def test_containers_that_are_gone_are_left_out(path: Path) -> None:
    with daemon(path, of_containers):
        client = docker.DockerClient(base_url=f"unix://{path}", version="1.44")
        found = inspected(client, ["one", "gone", "two"])
        assert [each["Id"] for each in found] == ["one", "two"]
        client.close()


def test_what_else_docker_says_of_containers_is_an_error(path: Path) -> None:
    with daemon(path, of_containers):
        client = docker.DockerClient(base_url=f"unix://{path}", version="1.44")
        with pytest.raises(APIError):
            list(inspected(client, ["ill"]))
        client.close()


def test_docker_goes_away_while_it_tells_of_containers(path: Path) -> None:
    client = docker.DockerClient(base_url=f"unix://{path}", version="1.44")
    with daemon(path, lambda connection: None), pytest.raises(HostError, match="stopped answering"):
        list(inspected(client, ["one"]))
