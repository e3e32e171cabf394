"""What is worked out once goes with whom was asked; nobody keeps the last one of a kind."""

from __future__ import annotations

import ast
import gc
import weakref
from collections.abc import Iterator

import pytest

from orchestrator.plan.kept import Asked, kept
from orchestrator.routes.bgp import control_plane
from tests.golden.cases import CASES, plan_of
from tests.unit.literals import PACKAGE

# What only computes, by the contract in pyproject.toml.
PURE = ("report", "analysis", "render", "compile", "roles", "routes", "plan", "spec", "generate")


class Sums(Asked):
    """How often it was asked, and for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    @kept
    def sum(self, a: int, b: int) -> int:
        """Of two."""
        self.asked.append((a, b))
        return a + b


def test_each_question_is_answered_once_by_each() -> None:
    one, two = Sums(), Sums()
    assert (one.sum(1, 2), one.sum(1, 2), one.sum(2, 2), two.sum(1, 2)) == (3, 3, 4, 3)
    assert one.asked == [(1, 2), (2, 2)]
    assert two.asked == [(1, 2)]


def test_answers_go_with_whom_was_asked() -> None:
    asked = Sums()
    asked.sum(1, 2)
    asked.once(lambda it: it.sum)
    gone = weakref.ref(asked)
    del asked
    gc.collect()
    assert gone() is None


def test_what_a_question_raises_is_not_kept() -> None:
    answers = iter((ValueError, 7))

    def ask(asked: Sums) -> int:
        answer = next(answers)
        if isinstance(answer, int):
            return answer
        raise answer

    asked = Sums()
    with pytest.raises(ValueError):  # noqa: PT011
        asked.once(ask)
    assert (asked.once(ask), asked.once(ask)) == (7, 7)


def test_two_plans_have_a_control_plane_each() -> None:
    one, two = (plan_of(case) for case in CASES[:2])
    first = control_plane(one)
    assert control_plane(two).plan is two
    assert control_plane(one) is first


def test_nothing_pure_is_kept_in_a_module() -> None:
    """A cache there may hold what is the same for every lab: what ships, what a class has, and an
    address and its text."""
    found = {where for package in PURE for where in caches(package)}
    of_classes = {"plan/fitting.py: _builder", "plan/codec.py: _writer"}
    assert found == of_classes | {"plan/codec.py: _text", "plan/scalars.py: _read"}


def caches(package: str) -> Iterator[str]:
    """Functions that take something and keep what they answered, and lists and dictionaries of
    modules that are there to be filled."""
    for path in (PACKAGE / package).rglob("*.py"):
        module, tree = path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.args.args:
                decorators = " ".join(map(ast.unparse, node.decorator_list))
                if "lru_cache" in decorators or ".cache" in decorators.replace("cached", ""):
                    yield f"{module}: {node.name}"
        for node in tree.body:
            value = getattr(node, "value", None)
            if isinstance(value, ast.List | ast.Dict) and not ast.unparse(value).strip("[]{}"):
                yield f"{module}: line {node.lineno}"
