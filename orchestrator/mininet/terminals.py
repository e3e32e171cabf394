"""Shells that Mininet's nodes talk to: bash at a terminal, in a container or in a namespace.

Mininet reads and writes the descriptor itself, and knows that a command has ended by the prompt,
which is one DEL character.
"""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Protocol

import docker
import docker.errors

from orchestrator.errors import LabError
from orchestrator.runtime.disk.processes import Process, start_time
from orchestrator.runtime.engine.client import explaining
from orchestrator.runtime.network.namespaces import entered

PROMPT = chr(127)
USER = "root"  # as Mininet's nodes are; its capabilities are the container's nevertheless
_ENDS_WITHIN_S = 2.0


class Terminal(Protocol):
    """A shell's end of the line. ``early`` is what it said before it could be asked."""

    early: bytes

    def fileno(self) -> int:
        """Where its output is read and its input written."""

    def is_alive(self) -> bool:
        """Whether this very shell still runs."""

    def close(self) -> None:
        """Hang up: the shell and what runs in it get SIGHUP."""


def within(namespace: str) -> AbstractContextManager[None]:
    """The calling thread in the namespace at a path, or where it is for ""."""
    return entered(namespace) if namespace else nullcontext()


def shell_argv(name: str) -> list[str]:
    """The shell that Mininet expects; its last argument only makes it easy to find in `ps`."""
    return [
        "env",
        "--default-signal=INT",
        f"PS1={PROMPT}",
        "bash",
        "--norc",
        "--noediting",
        "-is",
        f"mininet:{name}",
    ]


class ContainerTerminal:
    """A shell in a container, at a terminal of Docker's. Raises DeployError where it cannot be."""

    def __init__(self, client: docker.DockerClient, container: str, name: str) -> None:
        self._api: Any = client.api
        with explaining():
            made = self._api.exec_create(
                container, shell_argv(name), stdin=True, tty=True, user=USER
            )
            self._id = made["Id"]
            raw: Any = self._api.exec_start(self._id, tty=True, socket=True)
        # Kept as in runtime/engine/exec.py: collected, it would close the connection.
        self._answer: object = raw
        self._socket: socket.socket = raw._sock
        self._socket.settimeout(0)
        # The first output can sit in the buffer that the HTTP answer was read through.
        self.early: bytes = raw._response.raw._fp.fp.peek()
        self._socket.setblocking(True)
        self._process: Process | None = None

    def fileno(self) -> int:
        """The connection to Docker; a terminal's output is not framed."""
        return self._socket.fileno()

    def is_alive(self) -> bool:
        """Whether this very shell still runs, by its process id in the host's numbering."""
        self._process = self._process or self._find()
        return self._process is not None and self._process.is_alive()

    def _find(self) -> Process | None:
        with suppress(LabError, docker.errors.DockerException, OSError):  # it may be gone by now
            state = self._api.exec_inspect(self._id)
            if state["Running"] and (started := start_time(state["Pid"])):
                return Process(state["Pid"], started)
        return None

    def close(self) -> None:
        """Hang up. Docker would leave the shell running if only the connection ended."""
        if self.is_alive() and self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGHUP)
        self._socket.close()


class NamespaceTerminal:
    """A shell of the host's in a network namespace: what a switch has instead of a container."""

    early = b""

    def __init__(self, namespace: str, name: str) -> None:
        self._master, slave = pty.openpty()
        try:
            with within(namespace):
                self._shell = subprocess.Popen(
                    ["setsid", "--ctty", *shell_argv(name)], stdin=slave, stdout=slave, stderr=slave
                )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    def fileno(self) -> int:
        """The terminal's other end."""
        return self._master

    def is_alive(self) -> bool:
        """Whether the shell still runs."""
        return self._shell.poll() is None

    def close(self) -> None:
        """Hang up, and wait for the shell."""
        os.close(self._master)
        try:
            self._shell.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._shell.kill()
            self._shell.wait()
