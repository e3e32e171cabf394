"""`eventually`, and looking that is bounded in time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from orchestrator.errors import CommandFailed, UsageError
from orchestrator.pytest_plugin import eventually
from orchestrator.pytest_plugin.bounded import told_within


class Counter:
    """Counts how often it was asked; true from the third time on."""

    def __init__(self) -> None:
        self.asked = 0

    def third(self) -> int:
        self.asked += 1
        return self.asked if self.asked >= 3 else 0

    def require_third(self) -> None:
        self.asked += 1
        assert self.asked >= 3


def test_it_returns_what_held() -> None:
    counter = Counter()
    assert eventually(counter.third, every_s=0) == 3
    assert counter.asked == 3


def test_a_check_of_asserts_alone_holds_when_it_does_not_raise() -> None:
    counter = Counter()
    assert eventually(counter.require_third, every_s=0) is None
    assert counter.asked == 3


def test_a_command_that_fails_is_not_yet() -> None:
    asked: list[int] = []

    def check() -> bool:
        asked.append(1)
        if len(asked) < 2:
            raise CommandFailed("laptop", ["ping"], 1, "")
        return True

    assert eventually(check, every_s=0)


def none_or_more(text: str) -> re.Match[str] | None:
    if not text:
        return None
    return re.match("b", text)


@pytest.mark.parametrize(
    "check",
    [
        lambda: re.match("b", "a"),
        lambda: None,
        partial(re.match, "b", "a"),
        partial(none_or_more, "a"),
        {}.clear,
    ],
)
def test_none_from_what_returns_values_is_not_yet(check: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match="it returned None"):
        eventually(check, within_s=0)


def test_a_function_that_can_return_a_value_must() -> None:
    def check() -> re.Match[str] | None:
        return none_or_more("")

    with pytest.raises(
        AssertionError, match=r"check did not hold in \d\.\d s, tried once; .* None"
    ):
        eventually(check, within_s=0)


def test_the_bound_tells_the_last_reason_and_how_often() -> None:
    counter = Counter()

    def check() -> bool:
        counter.asked += 1
        raise AssertionError(f"edge answers {500 + counter.asked}")

    with pytest.raises(AssertionError) as caught:
        eventually(check, within_s=0.02, every_s=0.001)
    told = rf"check did not hold in \d\.\d s, tried {counter.asked} times; the last time: "
    assert re.fullmatch(rf"{told}edge answers {500 + counter.asked}", str(caught.value))
    assert counter.asked > 1


def test_another_error_is_raised_at_once() -> None:
    def check() -> bool:
        raise UsageError("there is no node 'laptp'")

    with pytest.raises(UsageError):
        eventually(check)


def test_looking_ends_at_its_bound() -> None:
    never = threading.Event()

    def lines() -> Iterator[str]:
        yield "the lab is up"
        never.wait(30)

    assert told_within(lines(), 0.05) == ["the lab is up", "(no more was told within 0.05 s)"]
    never.set()


def test_looking_never_raises() -> None:
    def lines(error: Exception) -> Iterator[str]:
        yield "first"
        raise error

    told = told_within(lines(UsageError("there is no lab 'x'", "start one")))
    assert told == ["first", "cannot be told: there is no lab 'x'"]
    assert told_within(lines(KeyError("y"))) == ["first", "cannot be told: KeyError: 'y'"]
