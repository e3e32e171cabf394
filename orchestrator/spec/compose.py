"""YAML events to nodes: values with positions, bounded as they grow.

An alias is its anchor's node standing at another position, so a file of nested aliases
costs what it is written with, not what it expands to; sizes and heights are kept in the
nodes. Beyond YAML 1.2, the merge key ``<<`` of YAML 1.1 works as authors know it: own keys
win, then the first mapping that is merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import yaml

from orchestrator.errors import Problem, SpecError
from orchestrator.spec.document import Node, Position, Step
from orchestrator.spec.scalars import KINDS, resolve

MAX_DEPTH = 32
MAX_VALUES = 200_000
MAX_PROBLEMS = 50

# libyaml's parser where it was built in, else the pure Python one.
EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Composer:
    """Events in, nodes out. Problems that do not end the reading are collected."""

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=EVENTS))
        self._anchors: dict[str, Node] = {}
        self._values = 0

    def report(self, position: Position, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._file, *position, message, hint))
        if len(self.problems) == MAX_PROBLEMS:
            raise SpecError(self.problems)

    def refuse(self, position: Position, message: str, hint: str = "") -> NoReturn:
        self.report(position, message, hint)
        raise SpecError(self.problems)

    def document(self) -> Node:
        """The only document of the stream, a mapping."""
        root = self.value()
        if root.value is None:
            self.refuse(Position(1, 1), "the file is empty", "start from one in topologies/")
        if not isinstance(root.value, dict):
            self.report(
                root.position, f"{_kind(root.value)} at the top of the file", "write 'key: value'"
            )
        return root

    def value(self) -> Node:
        """The only document of the stream, whatever it is; nothing where there is none."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Node(None, Position(1, 1))
        root = self._node(next(self._events), depth=0)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.refuse(
                position_of(after), "a second document starts here", "one topology, one file"
            )
        return root

    def _node(self, event: Any, depth: int) -> Node:
        position = position_of(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, position, depth)
        if isinstance(event, yaml.ScalarEvent):
            self._admit(position, depth)
            node = Node(self._scalar(event, position), position)
        else:
            self._admit(position, depth + 1)
            compose = self._list if isinstance(event, yaml.SequenceStartEvent) else self._mapping
            node = compose(event, position, depth + 1)
        # An anchor counts once its value is whole: a value that holds itself is refused.
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str | None, position: Position, depth: int) -> Node:
        node = self._anchors.get(anchor or "")
        if node is None:
            hint = f"write '&{anchor}' where the value is, or quote a text that starts with '*'"
            self.report(position, f"no anchor '&{anchor}' ends before this alias", hint)
            return Node(None, position)
        self._admit(position, depth + node.height, node.size)
        return node._replace(position=position)

    def _admit(self, position: Position, depth: int, values: int = 1) -> None:
        """Bound what a small hostile file can cost those who read the document."""
        self._values += values
        if depth > MAX_DEPTH:
            self.refuse(position, f"nested deeper than {MAX_DEPTH} levels")
        if self._values > MAX_VALUES:
            self.refuse(position, f"more than {MAX_VALUES} values, counting what aliases repeat")

    def _scalar(self, event: Any, position: Position) -> Any:
        if event.tag:
            return self._tagged(event.tag, event.value, position)
        return event.value if event.style else resolve(event.value)

    def _tagged(self, tag: str, text: str, position: Position) -> Any:
        kind = KINDS.get(tag)
        value = text if kind is str else resolve(text)
        if kind is float and type(value) is int:
            return float(value)
        if kind is None:
            self._report_tag(tag, position)
        elif type(value) is not kind:
            self.report(position, f"'{text}' is not what its tag says")
        return value

    def _report_tag(self, tag: str, position: Position) -> None:
        self.report(position, f"unknown tag '{tag}'", "quote a text that starts with '!'")

    def _list(self, event: Any, position: Position, depth: int) -> Node:
        if event.tag not in (None, "!", "tag:yaml.org,2002:seq"):
            self._report_tag(event.tag, position)
        children: list[Node] = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            children.append(self._node(item, depth))
        return _collect(
            [child.value for child in children], position, dict(enumerate(children)), {}
        )

    def _mapping(self, event: Any, position: Position, depth: int) -> Node:
        if event.tag not in (None, "!", "tag:yaml.org,2002:map"):
            self._report_tag(event.tag, position)
        children: dict[Step, Node] = {}
        keys: dict[str, Position] = {}
        bases: list[Node] = []
        while not isinstance(start := next(self._events), yaml.MappingEndEvent):
            merge = _is_merge(start)
            key = None if merge else self._key(start, keys, depth)
            value = self._node(next(self._events), depth)
            if merge:
                bases += self._bases(value)
            elif key is not None:
                children[key] = value
        for base in bases:
            for key, position_there in base.keys.items():
                children.setdefault(key, base.children[key])
                keys.setdefault(key, position_there)
        values = {key: child.value for key, child in children.items()}
        return _collect(values, position, children, keys)

    def _key(self, event: Any, keys: dict[str, Position], depth: int) -> str | None:
        """The key's text, noted in ``keys``; None where it is no key, which is reported."""
        position = position_of(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, depth)
            self.report(position, "a key must be text", "quote it if it is meant as text")
            return None
        key: str = event.value
        if key in keys:
            self.report(position, f"duplicate key '{key}', first on line {keys[key].line}")
            return None
        keys[key] = position
        return key

    def _bases(self, node: Node) -> list[Node]:
        """What a merge key merges: a mapping, or each mapping of a list."""
        bases = list(node.children.values()) if isinstance(node.value, list) else [node]
        if any(not isinstance(base.value, dict) for base in bases):
            self.report(node.position, "'<<' merges mappings only", "write '<<: *anchor'")
        return bases


def _is_merge(key: Any) -> bool:
    return isinstance(key, yaml.ScalarEvent) and key.value == "<<" and not key.style


def _collect(
    value: Any, position: Position, children: Mapping[Step, Node], keys: Mapping[str, Position]
) -> Node:
    size = 1 + sum(child.size for child in children.values())
    height = 1 + max((child.height for child in children.values()), default=0)
    return Node(value, position, children, keys, size, height)


def position_of(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a single value"
