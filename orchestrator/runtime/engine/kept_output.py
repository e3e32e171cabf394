"""What Docker keeps of a container's output, in the files of its json-file driver.

A file costs a tenth of a millisecond to look at. To ask Docker takes two requests per container,
and it reads the same file from its beginning.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from orchestrator.records.stamps import nanoseconds
from orchestrator.records.testimony import LogLine

_BLOCK_BYTES = 1 << 13
# Docker writes an entry down in less; the clock of a file's time goes by a few milliseconds.
_WRITTEN_WITHIN_NS = 1_000_000_000


class Entries:
    """The driver's entries made lines, numbered from 1: it cuts a long one every 16 kB."""

    def __init__(self) -> None:
        self._number, self._begun = 0, list[str]()

    def read(self, entry: bytes) -> LogLine | None:
        """The line that ends with an entry; None where it goes on, or it is no entry."""
        read = _read(entry)
        if read is None:
            return None
        time_ns, text = read
        self._begun.append(text)
        if not text.endswith("\n"):
            return None
        self._number += 1
        line = LogLine(self._number, time_ns, "".join(self._begun).rstrip("\n"))
        self._begun = []
        return line


def _read(entry: bytes) -> tuple[int, str] | None:
    """Time and text of an entry, a JSON object."""
    try:
        plain = json.loads(entry)
        return nanoseconds(plain["time"]), str(plain["log"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def lines_between(path: Path, since_ns: int, until_ns: int) -> Iterator[LogLine]:
    """What was written from one moment to another. Raises OSError.

    It is read from its end back, as far as need be: a log has up to 10 MB, a visit a few lines.
    """
    entries = Entries()
    for entry in _tail(path, since_ns).split(b"\n"):
        line = entries.read(entry)
        if line is not None and since_ns <= line.time_ns <= until_ns:
            yield line


def _tail(path: Path, since_ns: int) -> bytes:
    """The end of a file, with all its entries since a moment."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mtime_ns < since_ns - _WRITTEN_WITHIN_NS:
            return b""
        start, tail = file.seek(0, 2), b""
        while start > 0 and not _begins_before(tail, since_ns):
            size = min(start, max(_BLOCK_BYTES, len(tail)))
            start -= size
            file.seek(start)
            tail = file.read(size) + tail
    return tail


def _begins_before(tail: bytes, since_ns: int) -> bool:
    """Whether its first whole entry is of an earlier moment; what is before that may be a part."""
    first = _read(tail.partition(b"\n")[2].partition(b"\n")[0])
    return first is not None and first[0] < since_ns
