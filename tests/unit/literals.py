"""Where words of our own stand in the code as string literals, with what they mean lost."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import orchestrator

PACKAGE = Path(orchestrator.__file__).parent
# Their first argument is a key of a mapping, or an attribute.
_LOOK_UPS = ("get", "pop", "setdefault", "getattr", "has", "one", "all", "argument", "Table")


def modules(*left_out: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package by its path in it, but those below ``left_out``."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(left_out):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def named(tree: ast.Module, words: Collection[str]) -> Iterator[tuple[int, str]]:
    """Line and word of each literal that is one of ``words`` and means it.

    As keys of mappings, and alone among other strings, the same letters mean something else.
    """
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in words:
            if _means_it(node, parents[node], words):
                yield node.lineno, node.value


def _means_it(node: ast.Constant, parent: ast.AST, words: Collection[str]) -> bool:
    match parent:
        case ast.Subscript():
            return False
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name not in _LOOK_UPS
        case ast.Dict():
            return node not in parent.keys or _are_words(parent.keys, words)
        case ast.Tuple() | ast.List() | ast.Set():
            return _are_words(parent.elts, words)
    return True


def _are_words(entries: Collection[ast.expr | None], words: Collection[str]) -> bool:
    """Whether two of them are among the words, or all."""
    found = [isinstance(e, ast.Constant) and e.value in words for e in entries]
    return sum(found) > 1 or all(found)
