"""Values of a topology replaced from outside: ``routing.bfd=false`` and the like.

Trees are immutable: along the path of a new value nodes are made anew, and all others are shared.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.errors import UsageError
from orchestrator.spec.compose import MAX_DEPTH
from orchestrator.spec.document import Document, Node, Position, Step
from orchestrator.spec.load import parse_value

_FORM = "write it like --set routing.bfd=false"
_START = Position(1, 1)


def override(document: Document, settings: Iterable[str]) -> Document:
    """The document with ``KEY=VALUE`` of each setting put in, one after the other.

    A key is a path of keys and, in lists, numbers from 0, joined by dots; a value is YAML. What
    is wrong with a value is a SpecError, or later a Problem, that names the setting as its file.
    Raises UsageError for a setting of another form, and a path that leads nowhere.
    """
    root = document.root
    for setting in settings:
        key, equals, text = setting.partition("=")
        option = f"--set {setting}"
        if not equals:
            raise UsageError(f"{option}: there is no '='", _FORM)
        keys = key.split(".")
        if "" in keys:
            raise UsageError(f"{option}: a key is empty", _FORM)
        if len(keys) > MAX_DEPTH:
            raise UsageError(f"{option}: the path is longer than {MAX_DEPTH} keys")
        value = parse_value(text, option)._replace(file=option)
        root = _replaced(root, keys, value, ())
    return Document(document.file, root)


def _replaced(node: Node, keys: list[str], value: Node, above: tuple[Step, ...]) -> Node:
    """The node with ``value`` at the path ``keys``; ``above`` is the node's own."""
    if not keys:
        return value
    if node.value is None:  # a key that is there, or is now, with nothing behind it
        node = Node({}, node.position, file=node.file)
    if isinstance(node.value, list):
        return _in_list(node, keys, value, above)
    if not isinstance(node.value, dict):
        message = f"{value.file}: nothing is below '{_dotted(above)}', a single value"
        raise UsageError(message, f"set '{_dotted(above)}' as a whole")
    key, rest = _first_key(node, keys)
    below = node.children.get(key) or Node(None, _START, file=value.file)
    child = _replaced(below, rest, value, (*above, key))
    where = {key: _START} if child.file else {}
    return node._replace(
        value={**node.value, key: child.value},
        children={**node.children, key: child},
        keys={**node.keys, **where},
    )


def _first_key(node: Node, keys: list[str]) -> tuple[str, list[str]]:
    """The key of this mapping that a path starts with; one with dots in it takes several steps."""
    for length in range(len(keys), 1, -1):
        if (joined := ".".join(keys[:length])) in node.children:
            return joined, keys[length:]
    return keys[0], keys[1:]


def _in_list(node: Node, keys: list[str], value: Node, above: tuple[Step, ...]) -> Node:
    size, step = len(node.value), keys[0]
    if not (step.isascii() and step.isdecimal() and int(step) < size):
        there = f"it has {size}, from 0" if size else "it is empty"
        message = f"{value.file}: there is no entry '{step}' in the list '{_dotted(above)}'"
        raise UsageError(message, there)
    index = int(step)
    child = _replaced(node.children[index], keys[1:], value, (*above, index))
    values = list(node.value)
    values[index] = child.value
    return node._replace(value=values, children={**node.children, index: child})


def _dotted(path: tuple[Step, ...]) -> str:
    return ".".join(map(str, path))
