from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import orchestrator.analysis.steps
from orchestrator.report.glossary import define, define_all

STEPS = Path(orchestrator.analysis.steps.__file__).parent


def terms_in(source: str) -> Iterator[str]:
    """The words a module gives as terms: as ``terms=(…)``, as what a function of its own takes for
    its parameter ``terms``, or as a value whose name says TERMS."""
    module = ast.parse(source)
    takers = dict(_takers(module))
    for node in ast.walk(module):
        is_keyword = isinstance(node, ast.keyword) and node.arg == "terms"
        if is_keyword or (isinstance(node, ast.Assign) and _says_terms(node)):
            yield from _words(node.value)
        elif isinstance(node, ast.Call):
            place = takers.get(_called(node.func))
            yield from (
                _words(node.args[place]) if place is not None and place < len(node.args) else ()
            )


def _takers(module: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, place) of each function with a parameter ``terms``; self is not counted."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if "terms" in names:
                yield node.name, names.index("terms")


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _says_terms(node: ast.Assign) -> bool:
    return any(isinstance(t, ast.Name) and "TERMS" in t.id.upper() for t in node.targets)


def _words(node: ast.AST) -> Iterator[str]:
    """Of a tuple written out, whichever way a condition in it goes; of a dictionary its values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _words(value)
    elif isinstance(node, ast.Tuple | ast.IfExp | ast.Starred | ast.BinOp):
        for part in ast.iter_child_nodes(node):
            yield from _words(part)


def test_terms_are_found_however_they_are_written() -> None:
    source = """
_TERMS = {4: ("a", "b"), 6: ("c",)}
def step(title, terms): ...
step("no", ("d",))
Step(terms=("e", "f") if x else ("g", *_TERMS))
"""
    assert set(terms_in(source)) == set("abcdefg")


def test_every_term_of_every_teller_is_explained() -> None:
    found = {
        (path.name, term)
        for path in STEPS.glob("*.py")
        for term in terms_in(path.read_text(encoding="utf-8"))
    }
    assert ("tcp.py", "TCP") in found, "the search for terms finds nothing"
    assert not [(where, term) for where, term in sorted(found) if define(term) is None]


def test_a_word_is_found_whatever_its_case_and_by_its_other_names() -> None:
    entry = define("round trip")
    assert entry is not None
    assert define("RTT") == define("Round-trip time") == entry
    assert define("flux capacitor") is None


def test_a_glossary_has_each_word_once_in_order() -> None:
    entries = define_all(["TTL", "ARP", "RTT", "round trip", "unknown"])
    assert [entry.term for entry in entries] == ["ARP", "round trip", "TTL"]


def test_each_word_is_explained_once_and_shortly() -> None:
    lines = (files("orchestrator.report") / "templates" / "glossary.txt").read_text().splitlines()
    entries = [line.split("|") for line in lines if not line.startswith("#")]
    names = [name.strip().lower() for parts in entries for name in parts[0].split(",")]
    assert len(names) == len(set(names))
    first = [parts[0].split(",")[0].strip().lower() for parts in entries]
    assert first == sorted(first)
    assert all(parts[1].strip().endswith((".", ")")) for parts in entries)
    assert all(len(parts[1]) <= 100 for parts in entries)
