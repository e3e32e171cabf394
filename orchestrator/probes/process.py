"""The agent's process, from the side of the program that starts it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from orchestrator.errors import DeployError
from orchestrator.plan.codec import to_plain
from orchestrator.probes.job import Job, from_row
from orchestrator.records.study import Sample

_READY_WITHIN_S = 30.0
_LAST_SAMPLES_WITHIN_S = 5.0
Tell = Callable[[Sample], None]


@contextmanager
def agent_asking(job: Job, tell: Tell, bound_s: float) -> Iterator[None]:
    """Questions are asked for as long as the block runs, and each sample is told in a thread.

    The process is gone when the block is left; left in good order, pending questions are waited
    for, for ``bound_s`` at most. Raises DeployError where it does not start, or ends early.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator.probes.agent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is ours to handle
        cwd="/",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    ready, said = threading.Event(), bytearray()
    readers = [
        threading.Thread(target=_read, args=(process.stdout, ready, tell), daemon=True),
        threading.Thread(target=_collect, args=(process.stderr, said), daemon=True),
    ]
    try:
        for reader in readers:
            reader.start()
        _write(process.stdin, json.dumps(to_plain(job)))
        if not ready.wait(_READY_WITHIN_S) or process.poll() is not None:
            raise DeployError(f"the probes did not start: {_last_line(said)}")
        yield
        _write(process.stdin, "stop")
        process.wait(bound_s)
        for reader in readers:
            reader.join(_LAST_SAMPLES_WITHIN_S)
        if process.returncode:
            raise DeployError(f"the probes ended early: {_last_line(said)}")
    except subprocess.TimeoutExpired:
        raise DeployError("the probes did not end") from None
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):  # what it was to be told, it need not know now
        pipe.close()


def _write(pipe: IO[bytes], line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # it has ended; its exit code says so
        pipe.write(line.encode() + b"\n")
        pipe.flush()


def _read(output: IO[bytes], ready: threading.Event, tell: Tell) -> None:
    for line in output:
        if line == b"ready\n":
            ready.set()
        else:
            tell(from_row(json.loads(line)))
    ready.set()


def _collect(errors: IO[bytes], said: bytearray) -> None:
    for line in errors:
        said += line


def _last_line(said: bytearray) -> str:
    return (said.decode(errors="replace").strip().splitlines() or ["without a word"])[-1]
