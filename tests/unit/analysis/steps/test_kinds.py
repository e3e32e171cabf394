"""What a kind of step is called is said in its teller's module, and asked for everywhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jinja2 import Environment

from orchestrator.analysis.steps import TELLERS
from tests.unit.literals import PACKAGE, Literal, find_literals, find_strings

KINDS = {kind for teller in TELLERS for kind in teller.kinds}
# Those that are words of other things too: roles, protocols, what HTTP is made of.
WORDS = {"app", "balancer", "database", "edge", "ixp", "page", "request", "resource", "resources"}
WORDS |= {"response", "tcp", "tls", "url"}
# `KIND = "tcp"`, where it is said.
SAID = ("KIND", "ONE")


def test_a_kind_is_said_once() -> None:
    said = [
        (node.value, module)
        for module, parent, node in find_strings()
        if isinstance(parent, ast.Assign)
        and module.startswith("analysis/steps/")
        and any(isinstance(target, ast.Name) and target.id in SAID for target in parent.targets)
    ]
    assert sorted(kind for kind, _ in said) == sorted(KINDS)
    assert len({teller.kind for teller in TELLERS}) == len(TELLERS)


def test_nobody_else_says_one() -> None:
    assert [str(literal) for literal in (*lists(), *comparisons(), *names())] == []


def lists() -> Iterator[Literal]:
    """Several beside each other."""
    return (literal for literal in find_literals(KINDS - WORDS) if literal.listed)


def comparisons() -> Iterator[Literal]:
    """`step.kind == "tcp"`, and `Step(kind="tcp", …)`."""
    for module, parent, node in find_strings():
        if node.value in KINDS:
            is_asked = isinstance(parent, ast.Compare) and ".kind" in ast.unparse(parent)
            is_given = isinstance(parent, ast.keyword) and parent.arg == "kind"
            if is_asked or is_given:
                yield Literal(module, node.lineno, str(node.value), listed=False)


def names() -> Iterator[Literal]:
    """Those that no other thing is called, outside their own modules."""
    unlike = {kind for kind in KINDS if "_" in kind}
    return (
        found for found in find_literals(unlike) if not found.module.startswith("analysis/steps")
    )


def test_templates_say_none() -> None:
    lex = Environment(autoescape=True).lex
    for path in sorted(PACKAGE.rglob("report/**/*.j2")):
        strings = {text.strip("\"'") for _, kind, text in lex(path.read_text()) if kind == "string"}
        assert not strings & KINDS, path.name
