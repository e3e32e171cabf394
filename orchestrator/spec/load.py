"""YAML text to plain values, each with the place it was written at.

PyYAML (libyaml where it was built in) tokenises; what follows is ours, in three steps:

    bytes --decode--> text --yaml.parse--> events --compose--> a tree of nodes

A node is a value and its position. An alias is its anchor's node standing at another
position, so a file of nested aliases costs what it is written with, not what it expands
to; sizes and heights are kept in the nodes and bounded as they grow.

Scalars follow the core schema of YAML 1.2 (section 10.3): ``NO`` is a string, ``010`` is
ten, a MAC address is a string. Beyond it, the merge key ``<<`` of YAML 1.1 works as
authors know it: own keys win, then the first mapping that is merged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

import yaml

from orchestrator.errors import Problem, SpecError
from orchestrator.spec.problems import explain_syntax

MAX_DEPTH = 32
MAX_VALUES = 200_000
MAX_PROBLEMS = 50
# A longer plain scalar is text whatever it looks like: no reader means a number by it.
_MAX_NUMBER = 100

_EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Step = str | int
Path = tuple[Step, ...]


class Position(NamedTuple):
    """A place in a file. Both count from 1; columns count characters."""

    line: int
    column: int


class _Node(NamedTuple):
    value: Any
    position: Position
    children: Mapping[Step, _Node] = MappingProxyType({})
    keys: Mapping[str, Position] = MappingProxyType({})
    size: int = 1  # values, itself included
    height: int = 0  # collections from here to the deepest scalar


@dataclass(frozen=True)
class Document:
    """A file as plain dict, list, str, int, float, bool and None, with positions.

    What an alias repeats is one object at several paths: read ``data``, do not change it.
    """

    file: str
    root: _Node

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

    def problem(self, message: str, *path: Step, hint: str = "", at_key: bool = False) -> Problem:
        """A problem at the value at ``path``, or at its key."""
        around = self._reach(path)
        position = around[-1].position
        if at_key and len(around) > len(path) > 0:
            position = around[-2].keys.get(str(path[-1]), position)
        return Problem(self.file, *position, message, hint)

    def _reach(self, path: Path) -> list[_Node]:
        """The nodes from the root towards ``path``, as far as it exists."""
        nodes = [self.root]
        for step in path:
            child = nodes[-1].children.get(step)
            if child is None:
                break
            nodes.append(child)
        return nodes


def parse(data: bytes, file: str) -> Document:
    """Read one YAML document whose top level is a mapping.

    ``file`` is the name that problems carry. Raises SpecError with every duplicate key,
    unknown tag and the like at once; a broken syntax ends the reading where it stands.
    """
    text = _decode(data, file)
    composer = _Composer(text, file)
    try:
        root = composer.document()
    except yaml.MarkedYAMLError as error:
        line, column, message, hint = explain_syntax(error, text)
        composer.refuse(Position(line, column), message, hint)
    if composer.problems:
        raise SpecError(composer.problems)
    return Document(file, root)


def _walk(node: _Node, path: Path = ()) -> Iterator[tuple[Path, _Node]]:
    yield path, node
    for step, child in node.children.items():
        yield from _walk(child, (*path, step))


# ── bytes to text ─────────────────────────────────────────────────────────────────────

_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]", re.DOTALL)
# c-printable of YAML 1.2 (5.1), turned round.
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _decode(data: bytes, file: str) -> str:
    """Text from UTF-8 with or without a byte order mark. Raises SpecError on all else."""
    if _UTF16.match(data):
        problem = Problem(file, 1, 1, "the file is UTF-16 or UTF-32", "save it as UTF-8")
        raise SpecError([problem])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # With a mark the codec counts from behind it.
        offset = error.start + len(data) - len(error.object)
        raise SpecError([_not_text(data, offset, file)]) from None
    if found := _UNPRINTABLE.search(text):
        start = len(data) - len(text[found.start() :].encode())
        raise SpecError([_not_text(data, start, file)])
    return text


def _not_text(data: bytes, offset: int, file: str) -> Problem:
    before = data[:offset].decode("utf-8-sig")
    line_start = before.rfind("\n") + 1
    line, column = before.count("\n") + 1, len(before) - line_start + 1
    message = f"the file is not text: byte 0x{data[offset]:02x} at offset {offset}"
    return Problem(file, line, column, message, "a topology is YAML in UTF-8")


# ── events to nodes ───────────────────────────────────────────────────────────────────


class _Composer:
    """Events in, nodes out. Problems that do not end the reading are collected."""

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_EVENTS))
        self._anchors: dict[str, _Node] = {}
        self._values = 0

    def report(self, position: Position, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._file, *position, message, hint))
        if len(self.problems) == MAX_PROBLEMS:
            raise SpecError(self.problems)

    def refuse(self, position: Position, message: str, hint: str = "") -> NoReturn:
        self.report(position, message, hint)
        raise SpecError(self.problems)

    def document(self) -> _Node:
        """The only document of the stream."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._refuse_empty()
        root = self._node(next(self._events), depth=0)
        if root.value is None:
            self._refuse_empty()
        if not isinstance(root.value, dict):
            self.report(
                root.position, f"{_kind(root.value)} at the top of the file", "write 'key: value'"
            )
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.refuse(_position(after), "a second document starts here", "one topology, one file")
        return root

    def _refuse_empty(self) -> NoReturn:
        self.refuse(Position(1, 1), "the file is empty", "start from one in topologies/")

    def _node(self, event: Any, depth: int) -> _Node:
        position = _position(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, position, depth)
        if isinstance(event, yaml.ScalarEvent):
            self._admit(position, depth)
            node = _Node(self._scalar(event, position), position)
        else:
            self._admit(position, depth + 1)
            compose = self._list if isinstance(event, yaml.SequenceStartEvent) else self._mapping
            node = compose(event, position, depth + 1)
        # An anchor counts once its value is whole: a value that holds itself is refused.
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str | None, position: Position, depth: int) -> _Node:
        node = self._anchors.get(anchor or "")
        if node is None:
            hint = f"write '&{anchor}' where the value is, or quote a text that starts with '*'"
            self.report(position, f"no anchor '&{anchor}' ends before this alias", hint)
            return _Node(None, position)
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
        return event.value if event.style else _resolve(event.value)

    def _tagged(self, tag: str, text: str, position: Position) -> Any:
        kind = _KINDS.get(tag)
        value = text if kind is str else _resolve(text)
        if kind is float and type(value) is int:
            return float(value)
        if kind is None:
            self._report_tag(tag, position)
        elif type(value) is not kind:
            self.report(position, f"'{text}' is not what its tag says")
        return value

    def _report_tag(self, tag: str, position: Position) -> None:
        self.report(position, f"unknown tag '{tag}'", "quote a text that starts with '!'")

    def _list(self, event: Any, position: Position, depth: int) -> _Node:
        if event.tag not in (None, "!", "tag:yaml.org,2002:seq"):
            self._report_tag(event.tag, position)
        children: list[_Node] = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            children.append(self._node(item, depth))
        return _collect(
            [child.value for child in children], position, dict(enumerate(children)), {}
        )

    def _mapping(self, event: Any, position: Position, depth: int) -> _Node:
        if event.tag not in (None, "!", "tag:yaml.org,2002:map"):
            self._report_tag(event.tag, position)
        children: dict[Step, _Node] = {}
        keys: dict[str, Position] = {}
        bases: list[_Node] = []
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
        position = _position(event)
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

    def _bases(self, node: _Node) -> list[_Node]:
        """What a merge key merges: a mapping, or each mapping of a list."""
        bases = list(node.children.values()) if isinstance(node.value, list) else [node]
        if any(not isinstance(base.value, dict) for base in bases):
            self.report(node.position, "'<<' merges mappings only", "write '<<: *anchor'")
        return bases


def _is_merge(key: Any) -> bool:
    return isinstance(key, yaml.ScalarEvent) and key.value == "<<" and not key.style


def _collect(
    value: Any, position: Position, children: Mapping[Step, _Node], keys: Mapping[str, Position]
) -> _Node:
    size = 1 + sum(child.size for child in children.values())
    height = 1 + max((child.height for child in children.values()), default=0)
    return _Node(value, position, children, keys, size, height)


def _position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a single value"


# ── plain scalars: YAML 1.2, 10.3.2 ───────────────────────────────────────────────────

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)

_CORE = "tag:yaml.org,2002:"
_KINDS: dict[str, type] = {
    "!": str,
    _CORE + "str": str,
    _CORE + "int": int,
    _CORE + "float": float,
    _CORE + "bool": bool,
    _CORE + "null": type(None),
}


def _resolve(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789" and len(text) <= _MAX_NUMBER:
        for pattern, number in _NUMBERS:
            if pattern.fullmatch(text):
                return number(text)
    return text
