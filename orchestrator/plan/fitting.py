"""Plain values to those that type hints promise: strict about types, lenient about what is more.

A dataclass is built from its fields, a TypedDict stays a dictionary. What a hint does not know is
left alone in a TypedDict and left out of a dataclass; what is missing has its default, and without
one does not fit, unless it may be None. Numbers are finite, and of a size that times and counts
have.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Mapping
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any

from orchestrator.errors import nearest

Build = Callable[[Any], Any]
# Name and builder of each field, and whether it must be there.
_Fields = tuple[tuple[str, Build, bool], ...]

_IPV4 = (IPv4Address, IPv4Interface, IPv4Network)
TEXTUAL = (*_IPV4, IPv6Address, IPv6Interface, IPv6Network)
# Nanoseconds since 1970 have 61 bits; milliseconds beyond this are 30,000 years.
_MOST, _MOST_MS = 2**64, 1e15
_SHOWN, _BRIEF = 40, 300


class Misfit(TypeError):
    """A value that is not what its place takes. ``place`` is a JSON pointer (RFC 6901)."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says
        self._keys: list[str] = []

    @property
    def place(self) -> str:
        """From the document's root; "" is the root itself."""
        keys = (key.replace("~", "~0").replace("/", "~1") for key in reversed(self._keys))
        return "".join(f"/{key[:_SHOWN]}" for key in keys)

    def within(self, key: str | int) -> Misfit:
        """The same, seen from one level up."""
        self._keys.append(str(key))
        return self

    def __str__(self) -> str:
        return f"{self.place}: {self.says}" if self._keys else self.says


def brief(text: str) -> str:
    """What a stranger's file had a part in, for a sentence: of a length, and printable."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:_BRIEF])
    return shown if len(text) <= _BRIEF else f"{shown}…"


def fit(hint: Any, plain: Any) -> Any:
    """The value of ``hint`` that a plain one is. Raises Misfit."""
    return _builder(hint)(plain)


@functools.cache
def _builder(hint: Any) -> Build:
    """How a value of a type is built: found out once for each."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Required, typing.NotRequired):
        return _builder(arguments[0])
    if origin is typing.Annotated:
        return _checked(_builder(arguments[0]), arguments[1:])
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin is typing.Literal:
        return functools.partial(_literal, arguments)
    if origin is tuple or origin is list:
        return functools.partial(_row, _builder(arguments[0]), origin)
    if origin in (dict, Mapping):
        return functools.partial(_mapping, _key(arguments[0]), _builder(arguments[1]))
    if dataclasses.is_dataclass(hint):
        return functools.partial(_record, hint, _fields(hint))
    if typing.is_typeddict(hint):
        return functools.partial(_typed_dict, _fields(hint))
    if hint in TEXTUAL:
        return functools.partial(_textual, hint)
    return _SCALARS[hint]


def _fields(cls: Any) -> _Fields:
    """Name and builder of each field, and whether it must be there."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return tuple(
        (name, _builder(hint), _is_needed(cls, name, hint)) for name, hint in hints.items()
    )


def _is_needed(cls: Any, name: str, hint: Any) -> bool:
    if typing.is_typeddict(cls):
        return typing.get_origin(hint) is typing.Required
    field = cls.__dataclass_fields__[name]
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _record(cls: Any, fields: _Fields, plain: Any) -> Any:
    return cls(**_filled(fields, plain))


def _typed_dict(fields: _Fields, plain: Any) -> Any:
    return {**_object(plain), **_filled(fields, plain)}


def _filled(fields: _Fields, plain: Any) -> dict[str, Any]:
    given, built = _object(plain), {}
    for name, build, needed in fields:
        if name in given:
            try:
                built[name] = build(given[name])
            except Misfit as misfit:
                raise misfit.within(name) from None
        elif needed:
            _require_optional(name, build)
            built[name] = None
    return built


def _require_optional(name: str, build: Build) -> None:
    """What may be None may be missing. Raises Misfit of what may not."""
    try:
        build(None)
    except Misfit:
        raise Misfit(f"it has no {name}") from None


def _object(plain: Any) -> dict[str, Any]:
    return plain if isinstance(plain, dict) else _refuse("an object", plain)


def _row(build: Build, kind: type, plain: Any) -> Any:
    if not isinstance(plain, list | tuple):
        _refuse("a list", plain)
    return kind(_entries(build, plain))


def _entries(build: Build, plain: Any) -> typing.Iterator[Any]:
    for index, entry in enumerate(plain):
        try:
            yield build(entry)
        except Misfit as misfit:
            raise misfit.within(index) from None


def _mapping(key: Build, build: Build, plain: Any) -> dict[Any, Any]:
    built = {}
    for name, entry in _object(plain).items():
        try:
            built[key(name)] = build(entry)
        except Misfit as misfit:
            raise misfit.within(name) from None
    return built


def _key(hint: Any) -> Build:
    """Keys are texts in JSON, whatever they were."""
    return _number_key if hint is int else _builder(hint)


def _number_key(plain: Any) -> int:
    try:
        return int(plain)
    except ValueError:
        raise Misfit("its key should be a number") from None


def _union(choices: tuple[Any, ...]) -> Build:
    others = [choice for choice in choices if choice is not types.NoneType]
    records = [choice for choice in others if dataclasses.is_dataclass(choice)]
    named: dict[str, Any] = {typing.cast(type, choice).__name__: choice for choice in records}
    if len(named) > 1:
        build: Build = functools.partial(_tagged, named)
    elif len(others) == 1:
        build = _builder(others[0])
    elif set(others) <= set(TEXTUAL):
        build = functools.partial(_of_family, *sorted(others, key=_IPV4.__contains__))
    else:
        build = functools.partial(_first, tuple(map(_builder, others)))
    return build if len(others) == len(choices) else functools.partial(_optional, build)


def _optional(build: Build, plain: Any) -> Any:
    return None if plain is None else build(plain)


def _tagged(named: Mapping[str, Any], plain: Any) -> Any:
    kind = _object(plain).get("kind")
    if not isinstance(kind, str) or kind not in named:
        wanted = nearest(str(kind)[:_SHOWN], named)
        raise Misfit(f"{_show(kind)} is no kind that is known; {wanted}").within("kind")
    return _builder(named[kind])(plain)


def _first(builders: tuple[Build, ...], plain: Any) -> Any:
    """That of the first choice which takes it; what none takes is told of the last."""
    for build in builders[:-1]:
        try:
            return build(plain)
        except Misfit:
            continue
    return builders[-1](plain)


def _checked(build: Build, checks: tuple[Any, ...]) -> Build:
    def built(plain: Any) -> Any:
        value = build(plain)
        try:
            for check in checks:
                check(value)
        except (ValueError, OverflowError) as error:
            raise Misfit(f"{_show(plain)}: {error}") from None
        return value

    return built


def _literal(values: tuple[Any, ...], plain: Any) -> Any:
    # True == 1, but is no number that was meant.
    if any(plain == value and type(plain) is type(value) for value in values):
        return plain
    raise Misfit(f"{_show(plain)} is none of {', '.join(map(str, values))}")


def _textual(kind: Any, plain: Any) -> Any:
    if not isinstance(plain, str):
        _refuse("an address", plain)
    try:
        return kind(plain)
    except ValueError as error:
        raise Misfit(f"{_show(plain)}: {error}") from None


def _of_family(kind6: Any, kind4: Any, plain: Any) -> Any:
    """Told by the colon that no address of IPv4 has."""
    return _textual(kind6 if isinstance(plain, str) and ":" in plain else kind4, plain)


def _text(plain: Any) -> str:
    return plain if isinstance(plain, str) else _refuse("a text", plain)


def _truth(plain: Any) -> bool:
    return plain if isinstance(plain, bool) else _refuse("true or false", plain)


def _whole(plain: Any) -> int:
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if not isinstance(plain, int) or isinstance(plain, bool):
        _refuse("a whole number", plain)
    return plain if abs(plain) < _MOST else _refuse("a smaller number", plain)


def _number(plain: Any) -> float:
    if not isinstance(plain, int | float) or isinstance(plain, bool):
        _refuse("a number", plain)
    if isinstance(plain, float) and not math.isfinite(plain):
        _refuse("a finite number", plain)
    return plain if abs(plain) <= _MOST_MS else _refuse("a smaller number", plain)


def _none(plain: Any) -> None:
    return None if plain is None else _refuse("null", plain)


def _any(plain: Any) -> Any:
    return plain


_SCALARS: dict[Any, Build] = {
    str: _text,
    bool: _truth,
    int: _whole,
    float: _number,
    types.NoneType: _none,
    Any: _any,
}


def _refuse(wanted: str, plain: Any) -> typing.NoReturn:
    raise Misfit(f"it should be {wanted}, and is {_show(plain)}")


def _show(plain: Any) -> str:
    """A value in a sentence: what kind it is, and of short ones what it says."""
    if isinstance(plain, dict | list | tuple):
        return "an object" if isinstance(plain, dict) else "a list"
    if plain is None or isinstance(plain, bool):
        return {None: "null", True: "true", False: "false"}[plain]
    try:
        shown = repr(plain)
    except ValueError:  # a number of more digits than Python writes
        return "a huge number"
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
