"""What daemons write, as they write it: the files in which Docker keeps their output.

A connection to Docker for each of dozens of nodes would be a thread each, there and here; the
files cost nothing while nobody writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from orchestrator.events.files import told_of_changes
from orchestrator.events.scene import Scene
from orchestrator.records.stamps import nanoseconds
from orchestrator.records.testimony import LogLine
from orchestrator.runtime.engine.client import in_parallel

Read = Callable[[str, LogLine], None]


def told_of_lines(scene: Scene, nodes: Iterable[str], read: Read) -> AbstractContextManager[None]:
    """Call ``read`` with a node's name and each line that its daemons write from now on."""
    chosen = [node for node in nodes if node in scene.containers]
    found = dict(zip(chosen, in_parallel(lambda node: _log_of(scene, node), chosen), strict=True))
    missing = [node for node, path in found.items() if not path.is_file()]
    if missing:
        scene.note(f"Docker's log of {', '.join(missing)} is not on this disk; it is not followed")
    followed = {path: Tail(path, at_end=True) for node, path in found.items() if path.is_file()}
    names = {path: node for node, path in found.items()}
    if not followed:
        return nullcontext()

    def changed(path: Path) -> None:
        for line in followed[path].read():
            read(names[path], line)

    return told_of_changes(followed, changed)


def _log_of(scene: Scene, node: str) -> Path:
    details = scene.client.api.inspect_container(scene.containers[node].id)
    return Path(str(details["LogPath"]))


class Tail:
    """A log as Docker's json-file driver writes it, read on from where it was read to.

    The driver empties a file that grew too large and begins anew.
    """

    def __init__(self, path: Path, at_end: bool = False) -> None:
        self._path = path
        self._offset = path.stat().st_size if at_end else 0
        self._number = 0
        self._rest = b""

    def read(self) -> Iterator[LogLine]:
        """The whole lines written since the last time; none where the file is gone."""
        try:
            data = self._read_on()
        except FileNotFoundError:
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        for entry in whole:
            self._number += 1
            if line := read_entry(self._number, entry):
                yield line

    def _read_on(self) -> bytes:
        with self._path.open("rb") as file:
            if self._path.stat().st_size < self._offset:
                self._offset, self._rest = 0, b""
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        return data


def read_entry(number: int, entry: bytes) -> LogLine | None:
    """A line of the driver's: a JSON object with the text and its time; None: it is none."""
    try:
        plain = json.loads(entry)
        return LogLine(number, nanoseconds(plain["time"]), str(plain["log"]).rstrip("\n"))
    except (ValueError, KeyError, TypeError):
        return None
