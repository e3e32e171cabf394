"""The `lab` command without its start: a process that has imported all of it forks for each call.

Most of what a short command takes is Python importing libraries, and the tests call hundreds. What
runs is the command's own entry point with its own arguments, environment and outputs; signals and
terminals are for those that are started as users start them (Cli.start).
"""

from __future__ import annotations

import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_MOST_BYTES = 1 << 18
# What `lab visit` imports while its browser starts.
LATER = ("visit_told", "compare_told")


@functools.cache
def _zygote() -> socket.socket:
    """The one of this test session; it ends when our end of the socket is closed."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, its):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST_BYTES)
    argv = [sys.executable, "-m", "tests.e2e.zygote", str(its.fileno())]
    subprocess.Popen(argv, pass_fds=[its.fileno()], cwd=REPOSITORY, stdin=subprocess.DEVNULL)
    its.close()
    return ours


def run_lab(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    timeout_s: float,
    folder: Path = REPOSITORY,
) -> subprocess.CompletedProcess[str]:
    """What `lab` prints in a folder, and its exit code. Raises TimeoutExpired, after killing it."""
    pipes = [os.pipe() for _ in range(3)]
    order = {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder)}
    said_to_it = json.dumps(order).encode()
    socket.send_fds(_zygote(), [said_to_it], [write for _, write in pipes])
    for _, write in pipes:
        os.close(write)
    out, err, status = (read for read, _ in pipes)
    said = _read_all([out, err, status], time.monotonic() + timeout_s)
    lines = said[status].split()
    if len(lines) < 2:
        if lines:
            os.kill(int(lines[0]), signal.SIGKILL)
        raise subprocess.TimeoutExpired(["lab", *arguments], timeout_s)
    texts = (said[end].decode() for end in (out, err))
    return subprocess.CompletedProcess(["lab", *arguments], int(lines[1]), *texts)


def _read_all(ends: Sequence[int], deadline: float) -> dict[int, bytes]:
    """What comes out of pipes until all have ended, or it is late. They are closed."""
    said, waiting = dict.fromkeys(ends, b""), set(ends)
    while waiting and (left_s := deadline - time.monotonic()) > 0:
        for end in select.select(list(waiting), [], [], left_s)[0]:
            piece = os.read(end, 1 << 16)
            said[end] += piece
            if not piece:
                waiting.discard(end)
    for end in ends:
        os.close(end)
    return said


def _serve(orders: socket.socket) -> None:
    from orchestrator.cli.main import VERBS

    for module in {*VERBS.values(), *LATER}:
        import_module(f"orchestrator.cli.{module}")
    import_module("orchestrator.verbs.gathering")
    import_module("orchestrator.verbs.report").prepare()
    gc.freeze()  # who looks through what is there copies its pages, for each child
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait for commands
    while True:
        order, ends, _, _ = socket.recv_fds(orders, _MOST_BYTES, 3)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _attend(json.loads(order), *ends)
        for end in ends:
            os.close(end)


def _attend(order: dict[str, object], out: int, err: int, status: int) -> None:
    """Run a command in a process of its own, tell who it is and how it ended, and be gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(status)
        _become(order, out, err)
    os.close(out)
    os.close(err)
    os.write(status, f"{child}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(status, f"{code}\n".encode())
    os._exit(0)


def _become(order: dict[str, object], out: int, err: int) -> None:
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    os.chdir(str(order["folder"]))
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]
    sys.argv = ["lab", *order["arguments"]]  # type: ignore[misc]
    code: object = 3
    try:
        from orchestrator.cli.entry import run

        run()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
