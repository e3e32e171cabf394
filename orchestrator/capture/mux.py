"""Start and stop capmux, the one process that captures in every namespace of a lab (capmux.c).

    taps = [Tap("laptop", "/proc/4711/ns/net", ("eth0",)), …]
    with start_capture(taps, folder) as capture:
        …                                    # every ring captures from here on
    capture.stop().drops                     # folder/laptop.pcapng, … are complete

capmux reads the taps from its standard input, which stays open as a lifeline: when this process
ends, however it ends, the pipe closes and capmux finishes its files and goes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from orchestrator.errors import DeployError, HostError, LabError, UsageError
from orchestrator.refusals import cause

CAPMUX = Path(__file__).with_name("capmux")
_USAGE = 2  # capmux's exit code for what cannot be asked of it
_FREE_SOME = "remove runs that are no longer wanted, or choose another folder: --captures, --output"


@dataclass(frozen=True)
class Tap:
    """What to capture at one node: the path of its network namespace, and its interfaces there."""

    node: str
    netns: str
    interfaces: tuple[str, ...]


@dataclass(frozen=True)
class Options:
    """What of the packets to keep; the defaults keep all.

    ``filter`` is an expression of pcap-filter(7). ``limit_mib`` is the most a node's file may
    hold: older packets make room for newer ones. The capture ends by itself after ``count``
    packets of all nodes together, or after ``duration_s``, whole seconds.
    """

    filter: str = ""
    limit_mib: int | None = None
    count: int | None = None
    duration_s: int | None = None

    @property
    def arguments(self) -> list[str]:
        """The same in capmux's words."""
        chosen = {"-l": self.limit_mib, "-c": self.count, "-t": self.duration_s}
        words = [word for key, n in chosen.items() if n is not None for word in (key, str(n))]
        return ["-f", self.filter, *words] if self.filter else words


EVERYTHING = Options()


@dataclass(frozen=True)
class NodeSummary:
    """Frames in a node's file, frames lost because its ring was full, and frames that were
    written but had to make room for newer ones."""

    packets: int
    drops: int
    discarded: int = 0


@dataclass(frozen=True)
class CaptureSummary:
    """The same counts over all nodes, and node by node."""

    packets: int
    drops: int
    per_node: dict[str, NodeSummary]
    discarded: int = 0


class Capture:
    """A running capture; `stop` it, or use it as a context manager."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._stopped = False
        self._summary: CaptureSummary | None = None

    def stop(self, within_s: float = 10.0) -> CaptureSummary:
        """Stop capturing and return the counts; a second call returns the same ones.

        Raises DeployError if capmux failed on the way, on a full disk for example, or is not
        done `within_s` seconds later. Its process is gone in any case.
        """
        if self._summary is None:
            self._summary = self._collect_summary(within_s)
        return self._summary

    def _collect_summary(self, within_s: float) -> CaptureSummary:
        if self._stopped:
            raise DeployError("the capture failed when it was first stopped")
        self._stopped = True
        with killed_on_error(self._process) as process:
            process.terminate()
            line = _read_line(process, within_s)
            if not line.endswith(b"\n"):
                raise _failure(process)
            _wait(process)
            _close_pipes(process)
        return parse_summary(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What was captured up to an error is worth having, but must not hide the error.
        if not self._stopped:
            with contextlib.suppress(LabError) if error else contextlib.nullcontext():
                self.stop()


def start_capture(
    taps: Iterable[Tap],
    folder: Path,
    options: Options = EVERYTHING,
    *,
    program: Path = CAPMUX,
    within_s: float = 10.0,
) -> Capture:
    """Capture at every tap, into `folder`/NODE.pcapng, and return once every ring captures.

    Raises UsageError for a filter that is none, HostError if capmux is not built or may not enter
    namespaces, and DeployError if a node or interface is not there, or capmux is not ready within
    `within_s`. No process is left behind then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pipe = subprocess.PIPE
    with killed_on_error(start_process(program, folder, options, pipe, pipe)) as process:
        send_taps(process, taps)
        if _read_line(process, within_s) != b"ready\n":
            raise _failure(process)
    return Capture(process)


def start_process(
    program: Path,
    folder: Path,
    options: Options,
    stdout: IO[bytes] | int,
    stderr: IO[bytes] | int,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """capmux, which now waits for its taps. Raises HostError if it is not built."""
    try:
        return subprocess.Popen(
            [program, *options.arguments, folder],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            start_new_session=True,  # Ctrl-C is ours to handle: capmux is stopped, not killed
        )
    except OSError as error:
        raise HostError(f"cannot run {program}: {cause(error)}", "build it: make lab") from error


def send_taps(process: subprocess.Popen[bytes], taps: Iterable[Tap]) -> None:
    """Write the taps, and the blank line that ends them but leaves the pipe open."""
    lines = [f"{tap.node} {tap.netns} {','.join(tap.interfaces)}\n" for tap in taps]
    stdin = _pipe(process.stdin)
    with contextlib.suppress(BrokenPipeError):  # capmux has ended; its message will say why
        stdin.write("".join([*lines, "\n"]).encode())
        stdin.flush()


def _read_line(process: subprocess.Popen[bytes], within_s: float) -> bytes:
    """Read one line of output; empty or half a line if the process ended. Raises DeployError."""
    descriptor = _pipe(process.stdout).fileno()
    output = select.poll()
    output.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + within_s
    line = b""
    while not line.endswith(b"\n"):
        left_s = max(0.0, deadline - time.monotonic())
        if not output.poll(left_s * 1000):
            raise DeployError(f"capmux did not answer within {within_s:g} s")
        chunk = os.read(descriptor, 65536)
        if not chunk:
            break
        line += chunk
    return line


def parse_summary(line: bytes) -> CaptureSummary:
    """The counts that capmux printed."""
    read = json.loads(line)
    per_node = {node: NodeSummary(**counts) for node, counts in read.pop("per_node").items()}
    return CaptureSummary(per_node=per_node, **read)


def _failure(process: subprocess.Popen[bytes]) -> LabError:
    """The error that a capmux which ended has told of."""
    _wait(process)
    return read_failure(_pipe(process.stderr).read(), process.returncode)


def read_failure(output: bytes, status: int) -> LabError:
    """What capmux said and how it ended, as an error."""
    told = output.decode(errors="replace").strip()
    message = told or f"capmux ended without a word, with status {status}"
    if status == _USAGE:
        return UsageError(message.removeprefix("capmux: "), "filters are those of pcap-filter(7)")
    if "not permitted" in message or "Permission denied" in message:
        return HostError(message, "captures need root: run with sudo")
    if "No space left" in message:
        return HostError(f"the disk is full: {message.removeprefix('capmux: ')}", _FREE_SOME)
    return DeployError(message, "lab status says which nodes run")


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that has said its last word."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        raise DeployError("capmux does not end") from None


@contextlib.contextmanager
def killed_on_error(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Whatever goes wrong in here, Ctrl-C too, the process is gone afterwards."""
    try:
        yield process
    except BaseException:
        process.kill()
        process.wait()
        _close_pipes(process)
        raise


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # taps that were never read
                pipe.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # every pipe was asked for
    return pipe
