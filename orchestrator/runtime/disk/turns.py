"""One visit of a host at a time: two would share its connections, caches and families.

<lab>/turns/<host>   locked by the visit whose turn it is; it ends with its process
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from orchestrator.errors import DeployError
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.polling import wait_for

_WITHIN_S = 300.0


@contextmanager
def turn(state: LabState, host: str, wait: Callable[[str], None]) -> Iterator[None]:
    """The block has the host for itself. Whoever has to wait is told so by ``wait``, once.

    Raises DeployError where that takes longer than any visit should.
    """
    path = state.folder / "turns" / host
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as handle:
        if not _take(handle):
            wait(f"another visit is under way at {host}")
            if not wait_for(lambda: _take(handle), _WITHIN_S, every_s=0.1):
                raise DeployError(f"another visit at {host} does not end", "end it, then try again")
        yield


def has_turn(state: LabState, host: str) -> bool:
    """Whether a visit is under way at a host."""
    path = state.folder / "turns" / host
    if not path.exists():
        return False
    with path.open("a") as handle:
        return not _take(handle)


def _take(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
