"""What this machine refuses, in words: a full disk, a folder that may not be written to.

Who writes below a path says so with `writing`. What escapes all the same is told by the front end,
with `refusal`. `why` is for errors that are told as a part of something else.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import HostError, LabError, UsageError

_NO_ANSWER, _NO_REASON = "no answer in time", "no reason is known"
# Of a path that is too long to be one.
_TOLD = 40
_FULL = (errno.ENOSPC, errno.EDQUOT)
_DISK = (*_FULL, errno.EROFS, errno.EIO)
_FORBIDDEN = (errno.EACCES, errno.EPERM)
# What is the machine's doing, wherever it shows, and never a mistake of ours.
_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of its disk is used up",
    errno.EROFS: "its disk is read-only",
    errno.EIO: "its disk fails",
    errno.EACCES: "permission denied",
    errno.EPERM: "this is not permitted",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links go round in a circle",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "there is no memory left",
}
_HINTS = {
    errno.EMFILE: "allow more: ulimit -n 65536",
    errno.ENFILE: "allow more: sysctl fs.file-max",
    errno.ENOMEM: "free some, or take a smaller topology: lab doctor says what there is",
    errno.EIO: "the kernel says more: dmesg",
}


@contextmanager
def writing(path: Path, option: str = "") -> Iterator[None]:
    """Raise HostError where the disk does not take what the block writes below ``path``.

    ``option`` is the one that chooses another path. Other errors are left as they are.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise cannot_write(path, error, option) from error


def cannot_write(path: Path, error: OSError, option: str = "") -> HostError:
    """The error for a path that cannot be made or written to, whatever the reason."""
    where = str(error.filename or path)
    hints = [_HINTS.get(error.errno or 0, ""), _room(path) if error.errno in _FULL else ""]
    hints += [f"choose another with {option}" if option else ""]
    hints += [_privilege(error) if not option else ""]
    hint = "; or ".join(filter(None, hints))
    return HostError(f"cannot write to {where}: {_words(error)}", hint)


def refusal(error: OSError) -> LabError | None:
    """The same for an error of which no more is known; None for what the machine did not refuse.

    UsageError for a path that can be none.
    """
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
        name = str(error.filename or "")
        return UsageError(f"no file is called '{name[:_TOLD]}…': {_WORDS[error.errno]}")
    if error.errno not in _WORDS:
        return None
    if error.errno in _DISK and error.filename:
        return cannot_write(Path(error.filename), error)
    where = f"{error.filename}: " if error.filename else ""
    hint = _HINTS.get(error.errno, "") or _privilege(error)
    return HostError(f"{where}{_words(error)}", hint)


def why(error: Exception) -> str:
    """What an error of the system or of netlink says, without Python's way of writing it."""
    if isinstance(error, OSError) and (error.strerror or error.errno):
        return f"{error.filename}: {cause(error)}" if error.filename else cause(error)
    code = getattr(error, "code", None)  # pyroute2's NetlinkError
    if isinstance(code, int):
        return os.strerror(code)
    said = str(error).strip()
    if isinstance(error, TimeoutError) and said in ("", "timed out"):
        return _NO_ANSWER
    return said or _NO_REASON


def cause(error: OSError) -> str:
    """What an error of the system says of its cause, without the file that it names."""
    said = error.strerror or (os.strerror(error.errno) if error.errno else str(error))
    return said.strip() or _NO_REASON


def _words(error: OSError) -> str:
    return _WORDS.get(error.errno or 0) or cause(error)


def _room(path: Path) -> str:
    return f"free some there: du -sh {path}/* says what is large, df -h {path} what is free"


def _privilege(error: OSError) -> str:
    return "use sudo" if error.errno in _FORBIDDEN and os.geteuid() != 0 else ""
