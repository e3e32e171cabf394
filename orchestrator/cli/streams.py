"""Where a command writes: what becomes of that when nobody reads it, or nothing takes it.

`lab plan | head` is no error: what `head` leaves unread goes nowhere, and the verb does the rest of
its work and exits as it would have. A full disk behind `>` is one, and is told once.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TextIO

from orchestrator.errors import HostError
from orchestrator.refusals import why


class _Stream(io.FileIO):
    """A standard stream. Python's own would raise, and again as the interpreter ends."""

    _broken = False

    def write(self, data: object, /) -> int:
        """All of ``data``, as far as anybody wants it. Raises HostError the first time it fails."""
        octets = memoryview(data)  # type: ignore[arg-type]
        if self._broken:
            return octets.nbytes
        try:
            return super().write(octets)
        except BrokenPipeError:
            self._broken = True
            return octets.nbytes
        except OSError as error:
            self._broken = True
            raise HostError(f"the output cannot be written: {why(error)}") from error


def install() -> None:
    """Write to standard output and standard error in this way from now on."""
    sys.stdout = _ours(sys.stdout)
    sys.stderr = _ours(sys.stderr)


def _ours(stream: TextIO | None) -> TextIO:
    if stream is None:  # it was closed by who started us
        return Path(os.devnull).open("w", encoding="utf-8")
    try:
        number = stream.fileno()
    except io.UnsupportedOperation:  # somebody in this process reads it
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(number, "wb", closefd=False)),
        encoding=stream.encoding,
        errors="replace" if stream.errors == "strict" else stream.errors,
        line_buffering=getattr(stream, "line_buffering", False)
        or getattr(stream, "write_through", False),
    )
