"""Files and sockets of a node, opened from the host.

A node's root directory is full of names that the node may have replaced by links. Followed from
here, by root, they would lead to the host's files and sockets; so every path is looked up as the
node itself would (openat2(2), RESOLVE_IN_ROOT). And who answers may be anybody: each question has
a time, and its answer a size.
"""

from __future__ import annotations

import ctypes
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orchestrator.runtime.engine.containers import Container

# linux/openat2.h; the number of the call is the same on all architectures.
_OPENAT2, _NO_MAGIC_LINKS, _IN_ROOT = 437, 0x02, 0x10
_SAYS_WITHIN_S, _ANSWERS_WITHIN_S = 2.0, 30.0
_MOST_BYTES = 64 << 20
_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("flags", "mode", "resolve")]


@contextmanager
def opened_inside(container: Container, path: str, flags: int = os.O_RDONLY) -> Iterator[int]:
    """A descriptor of what a node has at an absolute path. Raises OSError."""
    root = os.open(f"/proc/{container.pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        descriptor = _openat2(root, path, flags | os.O_CLOEXEC)
    finally:
        os.close(root)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _openat2(folder: int, path: str, flags: int) -> int:
    how = _OpenHow(flags, 0, _NO_MAGIC_LINKS | _IN_ROOT)
    size = ctypes.c_size_t(ctypes.sizeof(how))
    descriptor: int = _libc.syscall(_OPENAT2, folder, path.encode(), ctypes.byref(how), size)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)
    return descriptor


class Conversation:
    """A connection to a socket in a node; every method raises OSError where it comes to nothing."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._deadline = time.monotonic() + _ANSWERS_WITHIN_S

    def say(self, text: str) -> None:
        """Send a question."""
        self._socket.sendall(text.encode())

    def hear(self, is_whole: Callable[[bytearray], bool]) -> str:
        """What comes until it is whole. Raises TimeoutError where that takes too long, also if a
        little comes all the time; ConnectionError where it ends before, or has no end."""
        heard = bytearray()
        while not is_whole(heard):
            if not self._hear_more(heard):
                raise ConnectionError("it hung up")
        return heard.decode(errors="replace")

    def hear_out(self) -> str:
        """What comes until the other side hangs up. Raises as `hear`."""
        heard = bytearray()
        while self._hear_more(heard):
            pass
        return heard.decode(errors="replace")

    def _hear_more(self, heard: bytearray) -> bool:
        if time.monotonic() > self._deadline:
            raise TimeoutError("no whole answer in time")
        received = self._socket.recv(1 << 16)
        heard += received
        if len(heard) > _MOST_BYTES:
            raise ConnectionError("its answer has no end")
        return bool(received)


@contextmanager
def conversation(container: Container, path: str) -> Iterator[Conversation]:
    """A conversation over the Unix socket that a node has at an absolute path. Raises OSError."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connecting,
        opened_inside(container, path, os.O_PATH) as descriptor,
    ):
        connecting.settimeout(_SAYS_WITHIN_S)
        connecting.connect(f"/proc/self/fd/{descriptor}")
        yield Conversation(connecting)
