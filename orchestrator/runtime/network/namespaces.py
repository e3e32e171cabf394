"""Network namespaces: entering one for a moment, and those that have a name.

A switch has a namespace of its own, so that no bridge of a lab stands in the host's: there
Docker's forwarding rules would drop its frames, and the lab would be in the user's way. That of a
node is Docker's, and has a name too: so it outlives the node, and the interfaces in it with it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from pyroute2 import IPRoute

CLONE_NEWNET = 0x40000000
RUN_FOLDER = "/run/netns"
_MS_BIND, _MS_REC, _MS_SHARED = 1 << 12, 1 << 14, 1 << 20
_MNT_DETACH = 2
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
def entered(path: str | int) -> Iterator[None]:
    """The calling thread inside the namespace at ``path``, or that a descriptor is open on; other
    threads stay where they are.

    Sockets opened inside keep belonging to that namespace after the block ends.
    """
    home = os.open(_HOST, os.O_RDONLY)
    try:
        inside = os.dup(path) if isinstance(path, int) else os.open(path, os.O_RDONLY)
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


@contextmanager
def routing_socket(path: str | int) -> Iterator[IPRoute]:
    """A netlink socket that belongs to the namespace at ``path`` (rtnetlink(7))."""
    with entered(path):
        socket = IPRoute()
    with socket:
        yield socket


def path_of(name: str) -> str:
    """Where a named namespace can be opened."""
    return f"{RUN_FOLDER}/{name}"


def names_like(pattern: str) -> list[str]:
    """The names of namespaces that match a shell pattern."""
    return [path.name for path in Path(RUN_FOLDER).glob(pattern)]


def is_same(path: str, other: str) -> bool:
    """Whether two paths lead to one namespace. Raises OSError where one leads nowhere."""
    return Path(path).stat().st_ino == Path(other).stat().st_ino


def create_namespace(name: str) -> None:
    """A named namespace, as `ip netns add` makes them (ip-netns(8)). It must not exist.

    It is born in a thread that ends at once. pyroute2 has this too, but forks for it, and a
    fork that fails there goes on as a second copy of the whole program.
    """
    _share_run_folder()
    Path(path_of(name)).touch(mode=0o444, exist_ok=False)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_bear, path_of(name)).result()


def name_namespace(name: str, path: str) -> None:
    """Give the namespace at ``path`` a name, by which it lives on when nobody is in it any more.

    Whatever had the name before loses it, and is gone once nobody else holds it.
    """
    _share_run_folder()
    target = Path(path_of(name))
    _libc.umount2(str(target).encode(), _MNT_DETACH)
    target.touch(mode=0o444)
    _mount(path, str(target), _MS_BIND)


def _share_run_folder() -> None:
    """A mount of its own that reaches other mount namespaces, as iproute2 wants it."""
    Path(RUN_FOLDER).mkdir(parents=True, exist_ok=True)
    try:
        _mount("", RUN_FOLDER, _MS_SHARED | _MS_REC)
    except OSError:
        _mount(RUN_FOLDER, RUN_FOLDER, _MS_BIND | _MS_REC)
        _mount("", RUN_FOLDER, _MS_SHARED | _MS_REC)


def _bear(path: str) -> None:
    unshare(CLONE_NEWNET)
    _mount(_HOST, path, _MS_BIND)


def _mount(source: str, target: str, flags: int) -> None:
    if _libc.mount(source.encode(), target.encode(), b"none", flags, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


def remove_namespace(name: str) -> None:
    """Remove a named namespace, and with it every link in it; fine where it is gone."""
    path = Path(path_of(name))
    _libc.umount2(str(path).encode(), _MNT_DETACH)
    path.unlink(missing_ok=True)
