"""The processes that work for a lab beside its nodes: keeper, `wire`, flapping, captures.

Each is recorded, and carries the lab's state folder in its environment: so it is found by who takes
the lab down even if the record was lost. None is signalled by its number alone.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_MARK = "CLICKLAB_OF"


@dataclass(frozen=True)
class Process:
    """A process by its id and start time: the pair never names another one until a reboot."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return start_time(self.pid) == self.started

    def end(self, asked_s: float = 0.0, within_s: float = 2.0) -> bool:
        """End it: ask it first (SIGTERM) and give it so long, if there is any; then make it.

        Returns when it has ended, or ``within_s`` after it had to. False if it had ended before.
        """
        with self._descriptor() as descriptor:
            if descriptor is None:
                return False
            if not (asked_s and _signal(descriptor, signal.SIGTERM, asked_s)):
                _signal(descriptor, signal.SIGKILL, within_s)
        return True

    @contextmanager
    def _descriptor(self) -> Iterator[int | None]:
        """A handle of this very process (pidfd_open(2)), or None once it has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except (OSError, OverflowError):
            yield None
            return
        try:
            yield descriptor if self.is_alive() else None
        finally:
            os.close(descriptor)


def _signal(descriptor: int, number: signal.Signals, within_s: float) -> bool:
    """Signal a process and wait for its end. Whether it has ended."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, number)
    ending = select.poll()
    ending.register(descriptor, select.POLLIN)
    return bool(ending.poll(within_s * 1000))


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot (proc(5), stat field 22)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def working_for(folder: Path) -> Mapping[str, str]:
    """The environment of a process that works for the lab with this state folder."""
    return {**os.environ, _MARK: str(folder)}


def workers_of(folder: Path) -> list[Process]:
    """The processes that were started with `working_for` and still run, in the host's numbering."""
    mark = f"{_MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(Process(int(entry.name), start_time(int(entry.name)) or 0))
    return found
