"""Hearing of changes in files, without asking again and again (inotify(7))."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import HostError

_MODIFY, _MOVED_TO, _DELETE, _DELETE_SELF = 0x2, 0x80, 0x200, 0x400
_MASK = _MODIFY | _MOVED_TO | _DELETE | _DELETE_SELF
_CLOEXEC = os.O_CLOEXEC
_EVENT = struct.Struct("=iIII")
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def told_of_changes(paths: Iterable[Path], changed: Callable[[Path], None]) -> Iterator[None]:
    """Call ``changed`` with each path once now, and after it was written, renamed into or removed.

    A path is a file or a folder; of a folder, its entries count too, and it is named itself.
    Calls come from one thread, which ends with the block. Raises OSError where a path is not,
    HostError where the kernel watches no more.
    """
    watched, end = _libc.inotify_init1(_CLOEXEC), os.eventfd(0)
    thread = None
    try:
        by_number = {_add(watched, path): path for path in paths}
        work = (watched, end, by_number, changed)
        thread = threading.Thread(target=_run, args=work, name="files", daemon=True)
        thread.start()
        yield
    finally:
        os.eventfd_write(end, 1)
        if thread is not None:
            thread.join()
        os.close(watched)
        os.close(end)


def _add(watched: int, path: Path) -> int:
    number: int = _libc.inotify_add_watch(watched, os.fsencode(path), _MASK)
    if number < 0 and ctypes.get_errno() == errno.ENOSPC:
        message = "this machine allows no more watches on files (inotify(7))"
        raise HostError(message, "allow more: sysctl -w fs.inotify.max_user_watches=65536")
    if number < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    return number


def _run(
    watched: int, end: int, by_number: dict[int, Path], changed: Callable[[Path], None]
) -> None:
    for path in by_number.values():
        changed(path)
    while True:
        ready, _, _ = select.select([watched, end], [], [])
        if watched in ready:
            for number in dict.fromkeys(_numbers(os.read(watched, 1 << 16))):
                if number in by_number:
                    changed(by_number[number])
        if end in ready:
            return


def _numbers(data: bytes) -> Iterator[int]:
    """Whom each event is about (struct inotify_event)."""
    while data:
        number, _, _, size = _EVENT.unpack_from(data)
        yield number
        data = data[_EVENT.size + size :]
