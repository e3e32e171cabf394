"""Folders in the making: under a name with a dot before it, and a lock that lasts as long as who
makes them.

What is left of a command that was killed has no lock any more, and is swept by the next that makes
one. The lock (flock(2)) is of the folder itself; that of ``captures`` orders making and sweeping.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.refusals import cannot_write
from orchestrator.runtime.disk.ownership import give_to_user

# When, what, and four digits of chance: no other folder of a user's is called so.
_OURS = re.compile(r"\.(?P<name>\d{8}T\d{6}Z-.+-[0-9a-f]{4})")
_LINK = re.compile(r"\.latest-\d{8}T\d{6}Z-.+")
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder_in_making(captures: Path, name: str) -> Iterator[Path]:
    """A new folder to fill, which gets its name when the block ends well. Else it is removed; but
    a study's that has a trial in it is kept, and gets its name too.

    What others left half made is dealt with first, in the same way. Raises HostError where nothing
    can be written.
    """
    unfinished = captures / f".{name}"
    try:
        captures.mkdir(parents=True, exist_ok=True)
        with _ordered(captures):
            _sweep(captures)
            unfinished.mkdir()
            lock = _lock(unfinished)
    except OSError as error:
        raise cannot_write(captures, error, "--captures") from error
    try:
        yield unfinished
        unfinished.rename(captures / name)
    except BaseException:
        _settle(unfinished, name)
        raise
    finally:
        os.close(lock)


def point_latest(captures: Path, name: str) -> None:
    """`captures/latest` is the newest run, so that commands can be typed before it has a name."""
    link = captures / f".latest-{name}"
    with _ordered(captures):
        link.symlink_to(name)
        link.replace(captures / "latest")


def _sweep(captures: Path) -> None:
    """Settle what commands that are gone left behind."""
    for path in captures.glob(".*"):
        found = _OURS.fullmatch(path.name)
        if found is not None and path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # it is being made, or is another user's
                lock = _lock(path)
                try:
                    _settle(path, found["name"])
                finally:
                    os.close(lock)
        elif _LINK.fullmatch(path.name) and path.is_symlink():
            path.unlink(missing_ok=True)


def _settle(unfinished: Path, name: str) -> None:
    if any(unfinished.glob("trial-*/trial.json")):
        kept = unfinished.rename(unfinished.with_name(name))
        give_to_user((kept, *kept.rglob("*")))
    else:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _ordered(captures: Path) -> Iterator[None]:
    """Alone with the names in a folder; a link to it is the user's own."""
    descriptor = os.open(captures, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """The descriptor that holds a folder's lock. Raises BlockingIOError where another has it."""
    descriptor = os.open(folder, _OPEN)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
