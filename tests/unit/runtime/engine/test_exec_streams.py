"""The connection of a command that runs in a container lasts as long as who talks over it."""

from __future__ import annotations

import gc
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.errors import DeployError
from orchestrator.runtime.engine.exec import HEADER, STDOUT, ExecStream


class Answer:
    """Docker's answer, as urllib3 has it: collected, it closes its connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.raw = SimpleNamespace(_fp=SimpleNamespace(fp=SimpleNamespace(peek=lambda: b"")))

    def __del__(self) -> None:
        self._connection.close()


class Api:
    """As far as a stream asks; ``far`` is the container's end."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()

    def exec_start(self, exec_id: str, socket: bool) -> Any:
        return SimpleNamespace(_sock=self.near, _response=Answer(self.near))


@pytest.fixture
def api() -> Api:
    return Api()


def stream_of(api: Any) -> ExecStream:
    return ExecStream(api, "id", "clicklab.it.laptop", ["cat"])


def test_a_stream_outlives_the_collection_of_garbage(api: Api) -> None:
    """Seen once in some hundred visits: "the browser failed: timed out", ten seconds later."""
    stream = stream_of(api)
    gc.collect()
    stream.write(b"hello")
    assert api.far.recv(16) == b"hello"
    api.far.send(HEADER.pack(STDOUT, 5) + b"hello")
    assert stream.read(10) == b"hello"


def test_a_connection_that_is_gone_is_said_in_a_sentence(api: Api) -> None:
    stream = stream_of(api)
    stream.close()
    with pytest.raises(DeployError, match="laptop: cat stopped reading"):
        stream.write(b"hello")
