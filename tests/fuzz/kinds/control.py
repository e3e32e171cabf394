"""Control lines of `wire`: commands of the right and of wrong words, and what is no line at all.

It runs in a network namespace of its own, so that whatever a line makes is there and goes with it.
"""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from random import Random

from orchestrator.errors import LabError
from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.wire.process import WIRE, WireControl

_OWN = "/proc/self/ns/net"
_ENDS = (f"{_OWN} a0 101 02:00:00:00:00:01", f"{_OWN} b0 102 02:00:00:00:00:02")
_WORDS = (
    *("add", "del", "set", "reset", "blackhole", "carrier", "move", "show", "list", "stats"),
    *("seed", "link", "other", "ab", "ba", "both", "on", "off", "up", "down", "a", "b", _OWN),
    *("delay_ns=5", "delay_ns=-1", "loss=bernoulli:1000,0", "loss=gilbert:1,2,3", "loss=nth:0"),
    *("rate_bps=0", "rate_bps=99999999999999999999", "limit=bytes:1", "jitter_ns=x", "=", "=="),
    *("reorder_ppb=1000000001", "distribution=pareto", "offload=off", "0", "-1", "2" * 40),
    *("/nowhere", "x" * 300, "\u00e9", "\x00", "\x1b[2J", '"', "\\", *_ENDS, "1500"),
)
_LINES = (f"add link {_ENDS[0]} {_ENDS[1]} 1500", "show link", "list", "set link both delay_ns=9")


def attempt(random: Random) -> None:
    """Say a line, and hear one that is JSON or a complaint; then it still answers."""
    control = _control()
    try:
        control.ask(*_line(random).split(" "))
    finally:
        control.stats()


def _line(random: Random) -> str:
    if random.random() < 0.3:
        words = random.choice(_LINES).split(" ")
        words[random.randrange(len(words))] = random.choice(_WORDS)
        return " ".join(words)
    return " ".join(random.choice(_WORDS) for _ in range(random.randint(0, 14)))


@cache
def _control() -> WireControl:
    folder = tempfile.mkdtemp()
    path = Path(folder) / "wire.sock"
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(["unshare", "--net", WIRE, path], **nowhere)

    def end() -> None:
        process.kill()
        process.wait()
        path.unlink(missing_ok=True)
        Path(folder).rmdir()

    Finalize(None, end, exitpriority=1)  # atexit forgets the workers of a pool
    control = wait_for(lambda: _connected(path), within_s=10)
    assert control is not None, "wire did not start"
    return control


def _connected(path: Path) -> WireControl | None:
    try:
        return WireControl(path)
    except LabError:
        return None
