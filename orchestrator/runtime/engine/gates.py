"""The gate of a node: its daemons start when the orchestrator says that its links are there.

A gate is a FIFO in the node's folder. The node's first process reads a line from it and only
then becomes the daemon; whoever wires the node writes that line. A node that restarts waits
at its gate again.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from orchestrator.errors import DeployError
from orchestrator.runtime.polling import wait_for

GATE = "gate"
_WITHIN_S = 10.0


def create_gate(folder: Path) -> None:
    """The FIFO, readable by whatever user the node's first process runs as."""
    os.mkfifo(folder / GATE)
    (folder / GATE).chmod(0o644)


def open_gate(folder: Path) -> None:
    """Let the node's daemons start. Raises DeployError if nobody waits at the gate."""
    descriptor = wait_for(lambda: _open_if_awaited(folder / GATE), _WITHIN_S, every_s=0.005)
    if descriptor is None:
        raise DeployError(f"{folder.name} does not wait at its gate", f"lab logs {folder.name}")
    try:
        os.write(descriptor, b"go\n")
    finally:
        os.close(descriptor)


def _open_if_awaited(path: Path) -> int | None:
    """A descriptor to write to; None while no process has the FIFO open for reading."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        raise
