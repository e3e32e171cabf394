"""Files that are there whole, or not at all; and folders of strangers, of which nothing leads out.

Who wrote a folder may have put links, FIFOs and devices into it. They are told from the files that
are meant by looking, and opened by names that mean nothing but what is in the folder itself.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from orchestrator.errors import LabError
from orchestrator.visible import visible_json

# Of the name, in that of the unfinished file: file systems take 255 octets.
_LONGEST = 40
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NOTHING_ELSE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO"}
_NOT_THERE = (errno.ENOENT, errno.ENAMETOOLONG)


class Folder:
    """An open folder. ``path`` is what it is called in messages, and names go on from it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor

    def names(self, suffix: str = "", within: str = "") -> list[str]:
        """What is in it, or in a folder of it, and ends like that: in order, but for what begins
        with a dot or cannot be printed. Raises LabError where that is no folder; [] where there
        is none."""
        with ExitStack() as opened:
            descriptor = self._descriptor
            if within:
                found = self._look(within)
                if found is None:
                    return []
                if not stat.S_ISDIR(found.st_mode):
                    raise self._unfit(within, found, "a folder")
                descriptor = os.open(within, _FOLDER | os.O_NOFOLLOW, dir_fd=self._descriptor)
                opened.callback(os.close, descriptor)
            listed = os.listdir(descriptor)  # noqa: PTH208 (a folder without a path)
        shown = (name for name in listed if name.isprintable() and not name.startswith("."))
        return sorted(name for name in shown if name.endswith(suffix))

    def has(self, name: str) -> bool:
        """Whether there is anything of that name."""
        return self._look(name) is not None

    def read(self, name: str, most: int) -> bytes | None:
        """A file, ``a/b`` for one in a folder of it; None where there is none.

        Raises LabError for what is no file, lies elsewhere or is longer than ``most`` octets.
        """
        if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
            raise LabError(f"{self.path}: '{name}' is no name of a file in it")
        try:
            with ExitStack() as opened:
                return self._read(opened, name, most)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            error.filename = str(self.path / name)
            raise

    def _read(self, opened: ExitStack, name: str, most: int) -> bytes:
        *folders, last = name.split("/")
        inner = self
        for part in folders:
            inner._require(part, stat.S_IFDIR, "a folder")
            descriptor = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=inner._descriptor)
            opened.callback(os.close, descriptor)
            inner = Folder(inner.path / part, descriptor)
        inner._require(last, stat.S_IFREG, "a file")
        descriptor = os.open(last, os.O_RDONLY | _NOTHING_ELSE, dir_fd=inner._descriptor)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(most + 1) if os.fstat(descriptor).st_size <= most else None
        if data is None or len(data) > most:
            raise LabError(f"{inner.path / last} is larger than the {most >> 20} MiB that are read")
        return data

    def _require(self, name: str, kind: int, called: str) -> None:
        found = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        if stat.S_IFMT(found.st_mode) != kind:
            raise self._unfit(name, found, called)

    def _unfit(self, name: str, found: os.stat_result, called: str) -> LabError:
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a device or a socket")
        hint = "nothing in a run's folder is followed or waited for: put the file itself there"
        return LabError(f"{self.path / name} is {kind}, not {called}", hint)

    def _look(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise

    def replace(
        self, name: str, content: bytes | str, mode: int = 0o644, durable: bool = False
    ) -> None:
        """Write a file as `replace_file` does. Raises LabError where a folder has its name."""
        there = self._look(name)
        if there is not None and stat.S_ISDIR(there.st_mode):
            raise self._unfit(name, there, "a file")
        data = content.encode() if isinstance(content, str) else content
        unfinished = f".{name[:_LONGEST]}.{secrets.token_hex(8)}.new"
        try:
            descriptor = os.open(unfinished, _NEW, 0o600, dir_fd=self._descriptor)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    os.fchmod(descriptor, mode)
                    if durable:
                        file.flush()
                        os.fsync(descriptor)
                at = self._descriptor
                os.replace(unfinished, name, src_dir_fd=at, dst_dir_fd=at)
            except BaseException:
                with suppress(OSError):
                    os.unlink(unfinished, dir_fd=self._descriptor)
                raise
        except OSError as error:
            error.filename, error.filename2 = str(self.path / name), None
            raise


@contextmanager
def open_folder(path: Path, *, follow: bool = True) -> Iterator[Folder]:
    """A folder, to read and write what is in it. Raises OSError where there is none.

    A link to it is followed where it is the user who named it.
    """
    descriptor = os.open(path, _FOLDER if follow else _FOLDER | os.O_NOFOLLOW)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)


def replace_file(
    path: Path, content: bytes | str, mode: int = 0o644, durable: bool = False
) -> None:
    """Write a file that appears under its name when it is whole; text is UTF-8.

    Readers see the old one or the new one, and whoever writes at the same time disturbs nobody;
    after a power cut they do if it is ``durable``. What stands under that name is replaced, not
    followed: a link of a stranger's leads nowhere.
    Raises OSError, and then nothing is left behind.
    """
    with open_folder(path.parent) as folder:
        folder.replace(path.name, content, mode, durable)


def replace_json(path: Path, value: Any, durable: bool = False) -> None:
    """The same with a value as one JSON document."""
    replace_file(path, visible_json(value, indent=1), durable=durable)
