"""A file as plain values, and where in the file each of them was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from orchestrator.errors import Problem

Step = str | int
Path = tuple[Step, ...]


class Position(NamedTuple):
    """A place in a file. Both count from 1; columns count characters."""

    line: int
    column: int


class Node(NamedTuple):
    """A value, the place it stands at, and the same of everything in it."""

    value: Any
    position: Position
    children: Mapping[Step, Node] = MappingProxyType({})
    keys: Mapping[str, Position] = MappingProxyType({})
    size: int = 1  # values, itself included
    height: int = 0  # collections from here to the deepest scalar
    file: str = ""  # where it and all in it come from, if not from around it


@dataclass(frozen=True)
class Document:
    """A file as plain dict, list, str, int, float, bool and None, with positions.

    What an alias repeats is one object at several paths: read ``data``, do not change it.
    """

    file: str
    root: Node

    @property
    def data(self) -> Any:
        return self.root.value

    @property
    def positions(self) -> dict[Path, Position]:
        """Where each value starts, by its path; the whole document is ``()``."""
        return {path: node.position for path, node in _walk(self.root)}

    @property
    def key_positions(self) -> dict[Path, Position]:
        """Where the key of each mapping's entry starts, by the path of its value."""
        return {
            (*path, key): position
            for path, node in _walk(self.root)
            for key, position in node.keys.items()
        }

    def where(self, *path: Step) -> Position:
        """The position of the value at ``path``, or of the nearest value around it."""
        return self._reach(path)[-1].position

    def entry(self, *path: Step, key: Step) -> Path:
        """The path of ``key`` where an entry has its long form; where it is short, the entry's."""
        return (*path, key) if len(self._reach((*path, key))) > len(path) + 1 else path

    def problem(self, message: str, *path: Step, hint: str = "", at_key: bool = False) -> Problem:
        """A problem at the value at ``path``, or at its key."""
        around = self._reach(path)
        position = around[-1].position
        if at_key and len(around) > len(path) > 0:
            position = around[-2].keys.get(str(path[-1]), position)
        file = next((node.file for node in reversed(around) if node.file), self.file)
        return Problem(file, *position, message, hint)

    def _reach(self, path: Path) -> list[Node]:
        """The nodes from the root towards ``path``, as far as it exists."""
        nodes = [self.root]
        for step in path:
            child = nodes[-1].children.get(step)
            if child is None:
                break
            nodes.append(child)
        return nodes


def _walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    yield path, node
    for step, child in node.children.items():
        yield from _walk(child, (*path, step))
