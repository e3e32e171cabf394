"""Network namespaces: entering one for a moment, and those that switches live in.

A switch has a namespace of its own, so that no bridge of a lab stands in the host's: there
Docker's forwarding rules would drop its frames, and the lab would be in the user's way.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyroute2 import netns

CLONE_NEWNET = 0x40000000
_HOST = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Move the calling thread into new namespaces of its own (unshare(2))."""
    if _libc.unshare(flags):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _set_namespace(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextmanager
def entered(path: str) -> Iterator[None]:
    """The calling thread inside the namespace at ``path``; other threads stay where they are.

    Sockets opened inside keep belonging to that namespace after the block ends.
    """
    home = os.open(_HOST, os.O_RDONLY)
    try:
        inside = os.open(path, os.O_RDONLY)
        try:
            _set_namespace(inside)
        finally:
            os.close(inside)
        try:
            yield
        finally:
            _set_namespace(home)
    finally:
        os.close(home)


def switch_namespace(lab: str, switch: str) -> str:
    """The name of a switch's namespace, as ``ip netns`` shows it."""
    return f"clicklab-{lab}-{switch}"


def path_of(name: str) -> str:
    """Where a named namespace can be opened."""
    return f"{netns.NETNS_RUN_DIR}/{name}"


def create_namespace(name: str) -> None:
    """A named namespace. It must not exist."""
    netns.create(name)


def remove_namespace(name: str) -> None:
    """Remove a named namespace, and with it every link in it; fine where it is gone."""
    if Path(path_of(name)).exists():
        netns.remove(name)
