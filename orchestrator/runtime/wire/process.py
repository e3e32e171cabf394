"""Start the `wire` process, and talk to it.

`wire` is every impaired link of a lab on kernels without netem; commands.h beside this file
lists what its socket understands, and wire.c how it works. One line asks, one line answers.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from orchestrator.errors import DeployError, FaultError
from orchestrator.refusals import why
from orchestrator.runtime.disk.processes import Process, start_time
from orchestrator.runtime.polling import wait_for

WIRE = Path(__file__).with_name("wire")
_STARTED_WITHIN_S = 20.0
_ANSWERED_WITHIN_S = 10.0
_HINT = "build it: make lab"


@dataclass(frozen=True)
class End:
    """One end of a link: a TAP device that is made in the namespace at ``netns``."""

    netns: str
    interface: str
    index: int
    mac: str


def start_wire(
    socket_path: Path, log: Path, environment: Mapping[str, str] | None = None
) -> Process:
    """Start the process in a session of its own and wait until it answers.

    It ends by ``quit``, by a signal, or once ``socket_path`` is removed or replaced; the devices
    stay. What it has to say goes to ``log``. Raises DeployError if it does not start.
    """
    try:
        with log.open("ab") as output:
            started = subprocess.Popen(
                [WIRE, socket_path.name],
                cwd=socket_path.parent,  # a socket's own path has up to 107 octets (unix(7))
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=environment,
            )
    except FileNotFoundError:
        raise DeployError(f"{WIRE} is not there", _HINT) from None
    process = Process(started.pid, start_time(started.pid) or 0)

    def is_settled() -> bool:
        return started.poll() is not None or _answers(socket_path, process)

    if wait_for(is_settled, _STARTED_WITHIN_S) and started.poll() is None:
        return process
    code, last_words = started.poll(), log.read_text(errors="replace").strip()[-400:]
    how = f"no answer within {_STARTED_WITHIN_S:g} s" if code is None else f"exit {code}"
    started.kill()
    started.wait()
    raise DeployError(f"wire did not start ({how}): {last_words}")


def _answers(socket_path: Path, process: Process) -> bool:
    """Whether it is this very process that serves the path, not an older one."""
    with suppress(DeployError), WireControl(socket_path) as control:
        return bool(control.stats()["pid"] == process.pid)
    return False


def _connect(connecting: socket.socket, path: Path) -> None:
    """By way of its folder, however long the path to that is."""
    folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        connecting.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


class WireControl:
    """A connection to a running wire. Every method waits for the answer, and not for ever."""

    def __init__(self, socket_path: Path, timeout_s: float = _ANSWERED_WITHIN_S) -> None:
        """Raises DeployError if nobody serves the path."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            _connect(self._socket, socket_path)
        except OSError as error:
            self._socket.close()
            raise DeployError(f"the lab's wire does not answer: {why(error)}") from None
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> WireControl:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; links go on."""
        self._lines.close()
        self._socket.close()

    def add(self, link: str, a: End, b: End, mtu: int = 1500) -> dict[str, Any]:
        """Make a link, or attach to the devices that an earlier wire left; both are ``down`` if
        new, and have neither address nor route. Raises DeployError, with nothing made."""
        words = [str(word) for end in (a, b) for word in _words(end)]
        try:
            return self.ask("add", link, *words, str(mtu))
        except FaultError as error:
            raise DeployError(f"link {link}: {error.message}") from None

    def delete(self, link: str) -> None:
        """Remove a link and its devices; they may be gone already."""
        self.ask("del", link)

    def move(self, link: str, end: str, netns: str) -> dict[str, Any]:
        """Say that the device at ``end`` of a link, ``a`` or ``b``, is in another namespace now."""
        return self.ask("move", link, end, netns)

    def set(self, link: str, direction: str = "both", **parameters: int | str) -> dict[str, Any]:
        """Change the named parameters and no other, and return what is in force, as `show`.

        ``direction`` is ``ab``, ``ba`` or ``both``. Integers in ns, bit/s, bytes and parts per
        billion: delay_ns, jitter_ns, distribution (uniform, normal, pareto, paretonormal),
        correlation_ppb, loss (none, bernoulli:PPB[,CORRELATION_PPB], nth:N,
        gilbert:P_PPB,R_PPB,GOOD_LOSS_PPB,BAD_LOSS_PPB), reorder_ppb, reorder_gap, duplicate_ppb,
        corrupt_ppb, rate_bps (0: none), limit (packets:N, bytes:N), offload (auto, off).
        Raises FaultError, with nothing changed.
        """
        settings = [f"{key}={value}" for key, value in parameters.items()]
        return self.ask("set", link, direction, *settings)

    def reset(self, link: str) -> dict[str, Any]:
        """Lift every impairment and black hole of a link; the carrier stays as it is."""
        return self.ask("reset", link)

    def blackhole(self, link: str, direction: str, is_on: bool) -> dict[str, Any]:
        """Let frames vanish, or no longer; the carrier stays."""
        return self.ask("blackhole", link, direction, "on" if is_on else "off")

    def carrier(self, link: str, is_up: bool) -> dict[str, Any]:
        """Pull the cable out, or plug it in."""
        return self.ask("carrier", link, "up" if is_up else "down")

    def show(self, link: str) -> dict[str, Any]:
        """Parameters, counters and lateness of a link, per direction."""
        return self.ask("show", link)

    def links(self) -> list[str]:
        """The names of all links."""
        return [str(name) for name in self.ask("list")["links"]]

    def stats(self) -> dict[str, Any]:
        """Lateness, wakeups, CPU time and memory of the process."""
        return self.ask("stats")

    def seed(self, number: int) -> None:
        """Make all that is random repeat itself."""
        self.ask("seed", str(number))

    def quit(self) -> None:
        """End the process. Devices stay: delete the links before."""
        self.ask("quit")

    def ask(self, *words: str) -> dict[str, Any]:
        """Send one message. Raises FaultError with wire's words if it refuses, DeployError if it
        does not answer, or not in its language."""
        line = " ".join(words)
        if "\n" in line:
            raise FaultError(f"wire: want one line, not {line[:40]!r}")
        answer = self._exchange(line)
        verdict, _, rest = answer.partition(" ")
        if verdict == "error":
            raise FaultError(f"wire: {rest}")
        try:
            plain: dict[str, Any] = json.loads(rest)
        except json.JSONDecodeError:
            raise DeployError(f"the lab's wire said {answer[:80]!r}") from None
        return plain

    def _exchange(self, line: str) -> str:
        try:
            self._socket.sendall(line.encode() + b"\n")
            answer = self._lines.readline()
        except OSError as error:
            raise DeployError(f"the lab's wire does not answer: {why(error)}") from None
        if not answer.endswith(b"\n"):
            raise DeployError("the lab's wire ended")
        return answer.decode(errors="replace").rstrip("\n")


def _words(end: End) -> tuple[str, str, int, str]:
    return end.netns, end.interface, end.index, end.mac
