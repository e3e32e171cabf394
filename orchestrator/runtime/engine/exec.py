"""Run commands inside a container, and talk to them while they run.

Docker carries an exec'd command's output over one upgraded connection as frames: a byte that names
the stream, three zeros, a 32-bit big-endian length, then the payload (Engine API, "attach to a
container"). Standard input goes the other way, unframed.

Ending the connection does not end the command, and Docker has no call that does: a command that
overran is signalled by the host pid which `exec inspect` gives, and nothing else is.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import docker
import docker.errors

from orchestrator.errors import DeployError
from orchestrator.refusals import why

STDOUT, STDERR = 1, 2
HEADER = struct.Struct(">BxxxL")
STDERR_KEPT_BYTES = 1 << 16
INSPECT_EVERY_S = 0.005
# What runc answers when there is nothing to run, and what shells do after it.
CANNOT_RUN = (126, 127)


@dataclass(frozen=True)
class ExecResult:
    """What a finished command left: exit code and both outputs, whole."""

    code: int
    stdout: bytes
    stderr: bytes


def split_frames(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Take the complete frames off the front of `buffer`: [(stream, payload)], in order."""
    frames = []
    while len(buffer) >= HEADER.size:
        stream, length = HEADER.unpack_from(buffer)
        end = HEADER.size + length
        if len(buffer) < end:
            break
        frames.append((stream, bytes(buffer[HEADER.size : end])))
        del buffer[:end]
    return frames


class ExecStream:
    """A command running in a container, with its standard streams. Use it as a context manager.

    `stderr` collects standard error as it passes by (the last 64 KiB of it).
    """

    def __init__(
        self, api: docker.APIClient, exec_id: str, where: str, argv: Sequence[str]
    ) -> None:
        self._api, self._id, self._where, self._argv = api, exec_id, where, tuple(argv)
        self._buffer, self._stdout, self.stderr = bytearray(), bytearray(), bytearray()
        self._ended = False
        self._answer, early = _start(api, exec_id)
        self._socket: socket.socket = self._answer._sock
        self._sort(early)

    def __enter__(self) -> ExecStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, data: bytes, timeout_s: float = 10.0) -> None:
        """Send `data` to standard input. Raises DeployError when the command no longer reads."""
        try:
            self._socket.settimeout(timeout_s)
            self._socket.sendall(data)
        except OSError as error:
            raise DeployError(
                f"{self._where}: {self._argv[0]} stopped reading: {why(error)}"
            ) from error

    def read(self, timeout_s: float) -> bytes:
        """The next piece of standard output; b"" at its end.

        Raises TimeoutError when nothing came within `timeout_s` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while not self._stdout and not self._ended:
            self._receive(deadline - time.monotonic())
        piece = bytes(self._stdout)
        self._stdout.clear()
        return piece

    def _receive(self, timeout_s: float) -> None:
        if timeout_s <= 0:
            raise TimeoutError(f"{self._where}: {self._argv[0]}: nothing to read in time")
        self._socket.settimeout(timeout_s)
        try:
            data = self._socket.recv(1 << 18)
        except ConnectionError:
            data = b""
        self._ended = not data
        self._sort(data)

    def _sort(self, data: bytes) -> None:
        self._buffer += data
        for stream, payload in split_frames(self._buffer):
            if stream == STDOUT:
                self._stdout += payload
            elif stream == STDERR:
                self.stderr += payload
                del self.stderr[:-STDERR_KEPT_BYTES]

    def exit_code(self, timeout_s: float = 5.0) -> int:
        """Wait for the command to end, and say how. Raises DeployError if it still runs."""
        deadline = time.monotonic() + timeout_s
        while (state := self._api.exec_inspect(self._id))["Running"]:
            if time.monotonic() > deadline:
                raise DeployError(f"{self._where}: {self._argv[0]} has not ended")
            time.sleep(INSPECT_EVERY_S)
        return int(state["ExitCode"])

    def kill(self) -> None:
        """Send SIGKILL to this command if it still runs; to it alone."""
        state = self._api.exec_inspect(self._id)
        if state["Running"] and state["Pid"]:
            with suppress(ProcessLookupError):
                os.kill(state["Pid"], signal.SIGKILL)

    def close(self) -> None:
        """Let go of the connection. The command gets the end of its input, and no signal."""
        self._socket.close()


def _start(api: docker.APIClient, exec_id: str) -> tuple[Any, bytes]:
    """Start the command: the answer with its connection, and the output that came along with it.

    The answer is to be kept for as long as the connection is used: when Python's collector comes by
    it, it closes that connection, and who waits for a byte just then waits until the time is up.

    http.client reads the answer's head through a buffer, so on a busy machine the first frames can
    sit in that buffer already; who reads only the socket (as the SDK does) loses them.
    """
    raw: Any = api.exec_start(exec_id, socket=True)
    raw._sock.settimeout(0)
    return raw, raw._response.raw._fp.fp.peek()


def open_exec(
    client: docker.DockerClient,
    container: str,
    argv: Sequence[str],
    *,
    user: str = "",
    environment: Mapping[str, str] | None = None,
    stdin: bool = True,
) -> ExecStream:
    """Start `argv` in `container` (name or id) as `user` and return its streams.

    Raises DeployError when the container is not there or not running.
    """
    api = client.api
    try:
        made = api.exec_create(
            container, list(argv), stdin=stdin, user=user, environment=dict(environment or {})
        )
        return ExecStream(api, made["Id"], container, argv)
    except docker.errors.APIError as error:
        reason = str(error.explanation or error)
        raise DeployError(f"{container}: {reason}", "is the lab up? see: lab status") from error


def run_exec(
    client: docker.DockerClient,
    container: str,
    argv: Sequence[str],
    *,
    user: str = "",
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 30.0,
) -> ExecResult:
    """Run `argv` in `container` to its end. Any exit code of the command itself is a result.

    Raises DeployError when there is no such container or program, or when the command has not
    ended after `timeout_s` seconds (it is killed).
    """
    with open_exec(
        client, container, argv, user=user, environment=environment, stdin=False
    ) as stream:
        try:
            result = _finish(stream, time.monotonic() + timeout_s)
        except TimeoutError as error:
            stream.kill()
            raise DeployError(
                f"{container}: {' '.join(argv)}: not done after {timeout_s:g} s"
            ) from error
        except BaseException:
            stream.kill()
            raise
    _check_it_ran(container, argv, result)
    return result


def _finish(stream: ExecStream, deadline: float) -> ExecResult:
    stdout = bytearray()
    while piece := stream.read(deadline - time.monotonic()):
        stdout += piece
    return ExecResult(stream.exit_code(), bytes(stdout), bytes(stream.stderr))


def _check_it_ran(container: str, argv: Sequence[str], result: ExecResult) -> None:
    said = result.stdout + result.stderr
    if result.code in CANNOT_RUN and b"OCI runtime exec failed" in said:
        raise DeployError(
            f"{container}: cannot run {argv[0]}: {said.decode(errors='replace').strip()}",
            "is it in the image of this node? rebuild with: make lab",
        )
