"""Programs in nodes as `subprocess.Popen` objects: what `popen` and `pexec` of a node start.

Docker's client carries their streams, but no signals, and a client that ends leaves its program
running. So each program has a mark of its own in its environment, which what it starts inherits:
a signal goes to all that carry the mark, and to nothing else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestrator.errors import HostError
from orchestrator.mininet.terminals import USER, within

_MARK = "CLICKLAB_PROGRAM"


class NodeProgram(subprocess.Popen[Any]):
    """A program in a container. ``pid`` is that of Docker's client, which ends as it does."""

    def __init__(
        self,
        container: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        cwd: str = "",
        **options: Any,
    ) -> None:
        self._mark = f"{_MARK}={uuid.uuid4()}"
        settings = [self._mark, *(f"{name}={value}" for name, value in (env or {}).items())]
        command = [docker_client(), "exec", "-i", "-u", USER]
        # Nobody's input is taken unless it is given: the console's own is for the console.
        options.setdefault("stdin", subprocess.DEVNULL)
        command += [option for setting in settings for option in ("-e", setting)]
        command += ["-w", cwd] if cwd else []
        super().__init__([*command, container, *argv], start_new_session=True, **options)

    def send_signal(self, sig: int) -> None:
        """Signal the program and what it started; Docker's client while it has not begun."""
        marked = [] if self.poll() is not None else _processes_with(self._mark)
        for pid in marked:
            with suppress(ProcessLookupError):
                os.kill(pid, sig)
        if not marked:
            super().send_signal(sig)


def start_in_namespace(namespace: str, argv: Sequence[str], **options: Any) -> Any:
    """A program of the host's in a network namespace, as a Popen object."""
    options.setdefault("stdin", subprocess.DEVNULL)
    with within(namespace):
        return subprocess.Popen(argv, start_new_session=True, **options)


def docker_client() -> str:
    """The path of the command `docker`. Raises HostError where it is not installed."""
    found = shutil.which("docker")
    if found is None:
        raise HostError("Docker's client is not installed", "apt-get install docker-cli")
    return found


def _processes_with(setting: str) -> list[int]:
    """The processes with a setting in their environment (proc(5)); Docker's client, which has it
    as an argument, is not among them."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if setting.encode() in environment.read_bytes().split(b"\0"):
                found.append(int(environment.parent.name))
    return found
