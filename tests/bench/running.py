"""Labs as a user runs them, by the command; and how long things take."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LAB = Path(sys.executable).with_name("lab")


def lab(*arguments: str) -> str:
    """What the command prints; ends the benchmark if it fails."""
    done = subprocess.run([LAB, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"lab {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def seconds(work: Callable[[], Any]) -> float:
    """How long ``work`` takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


@contextmanager
def no_lab_left(name: str) -> Iterator[None]:
    """Whatever happens in between, the lab is down afterwards."""
    try:
        yield
    finally:
        lab("down", "--name", name)
