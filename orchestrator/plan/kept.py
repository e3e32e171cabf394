"""Answers that are worked out once. They are kept with whom was asked, and go when it goes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
Self = TypeVar("Self", bound="Asked")


class Asked:
    """A value of which many ask the same: what follows from it is worked out for the first."""

    def once(self: Self, question: Callable[[Self], T]) -> T:
        """The answer to a question about it; what the question raises is not kept."""
        answers: dict[Callable[[Self], Any], Any] = self.__dict__.setdefault("_answers", {})
        if question not in answers:
            answers[question] = question(self)
        found: T = answers[question]
        return found


class kept(Generic[P, T]):  # noqa: N801 (a decorator, as functools.cached_property is)
    """A method whose answers are kept by its arguments: functools.cache, for each object alone.

    On the method of a class, functools.cache would keep every object that was ever asked.
    """

    def __init__(self, method: Callable[Concatenate[Any, P], T]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, asked: object, owner: type | None = None) -> Callable[P, T]:
        # From here on the object's own attribute is found before this one of its class.
        answers = cast(Callable[P, T], functools.cache(functools.partial(self._method, asked)))
        asked.__dict__[self._name] = answers
        return answers
