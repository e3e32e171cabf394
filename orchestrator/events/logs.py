"""What daemons write, as they write it: the files in which Docker keeps their output.

A connection to Docker for each of dozens of nodes would be a thread each, there and here; the
files cost nothing while nobody writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from orchestrator.events.files import told_of_changes
from orchestrator.events.scene import Scene
from orchestrator.records.testimony import LogLine
from orchestrator.runtime.engine.kept_output import Entries

Read = Callable[[str, LogLine], None]


def told_of_lines(scene: Scene, nodes: Iterable[str], read: Read) -> AbstractContextManager[None]:
    """Call ``read`` with a node's name and each line that its daemons write from now on."""
    chosen = [node for node in nodes if node in scene.containers]
    found = {node: scene.containers[node].log for node in chosen}
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


class Tail:
    """A log as Docker's json-file driver writes it, read on from where it was read to.

    The driver empties a file that grew too large and begins anew.
    """

    def __init__(self, path: Path, at_end: bool = False) -> None:
        self._path = path
        self._offset = path.stat().st_size if at_end else 0
        self._entries = Entries()
        self._rest = b""

    def read(self) -> Iterator[LogLine]:
        """The whole lines written since the last time; none where the file is gone."""
        try:
            data = self._read_on()
        except FileNotFoundError:
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        for entry in whole:
            if line := self._entries.read(entry):
                yield line

    def _read_on(self) -> bytes:
        with self._path.open("rb") as file:
            if self._path.stat().st_size < self._offset:
                self._offset, self._rest = 0, b""
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        return data
