"""Words of our own that stand in the code as string literals, where they should be asked for."""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import orchestrator

PACKAGE = Path(orchestrator.__file__).parent
# Their first argument is a key of a mapping, or the name of something else.
_LOOK_UPS = ("get", "pop", "setdefault", "getattr", "has", "one", "all", "Table", "Option")


@dataclass(frozen=True)
class Literal:
    """A word where it is said: the module's path in the package. ``listed``: beside another."""

    module: str
    line: int
    word: str
    listed: bool

    def __str__(self) -> str:
        return f"orchestrator/{self.module}:{self.line}: '{self.word}'"


def find_literals(words: Collection[str], *left_out: str) -> list[Literal]:
    """Where one of the words is said, but in modules whose paths begin with one ``left_out``."""
    found = []
    for module, parent, node in find_strings():
        if node.value in words and not module.startswith(left_out):
            count = _count(node, parent, words)
            if count:
                found.append(Literal(module, node.lineno, str(node.value), listed=count > 1))
    return found


@functools.cache
def find_strings() -> list[tuple[str, ast.AST, ast.Constant]]:
    """Every string of the package, with its module and what it is a part of."""
    return [
        (path.relative_to(PACKAGE).as_posix(), parent, node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for parent in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for node in ast.iter_child_nodes(parent)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _count(node: ast.Constant, parent: ast.AST, words: Collection[str]) -> int:
    """How many words stand together there; 0 where the same letters mean something else: as a key
    of a mapping, or among other strings."""

    def among(entries: Collection[ast.expr | None], enough: int) -> int:
        count = sum(isinstance(e, ast.Constant) and e.value in words for e in entries)
        return count if count >= min(enough, len(entries)) else 0

    match parent:
        case ast.Subscript():
            return 0
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _LOOK_UPS:
            return 0
        case ast.Dict(keys=keys) if node in keys:
            return among(keys, len(keys))
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            return among(elts, 2)
    return 1
