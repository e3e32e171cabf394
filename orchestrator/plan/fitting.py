"""Plain values to those that type hints promise: strict about types, lenient about what is more.

A dataclass is built from its fields, a TypedDict stays a dictionary. What a hint does not know is
left alone in a TypedDict and left out of a dataclass; what is missing has its default, and without
one does not fit, unless it may be None. Numbers are finite, and of a size that times and counts
have.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any

from orchestrator.errors import nearest
from orchestrator.plan.misfit import SHOWN, Misfit, refuse, show
from orchestrator.plan.scalars import IPV4, SCALARS, TEXTUAL, Build, literal, of_family, textual

# Name and builder of each field, and whether it must be there.
_Fields = tuple[tuple[str, Build, bool], ...]


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
        return functools.partial(literal, arguments)
    if origin is tuple or origin is list:
        return functools.partial(_row, _builder(arguments[0]), origin)
    if origin in (dict, Mapping):
        return functools.partial(_mapping, _key(arguments[0]), _builder(arguments[1]))
    if dataclasses.is_dataclass(hint):
        return functools.partial(_record, hint, _fields(hint))
    if typing.is_typeddict(hint):
        return functools.partial(_typed_dict, _fields(hint))
    if hint in TEXTUAL:
        return functools.partial(textual, hint)
    return SCALARS[hint]


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
    return plain if isinstance(plain, dict) else refuse("an object", plain)


def _row(build: Build, kind: type, plain: Any) -> Any:
    if not isinstance(plain, list | tuple):
        refuse("a list", plain)
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
        build = functools.partial(of_family, *sorted(others, key=IPV4.__contains__))
    else:
        build = functools.partial(_first, tuple(map(_builder, others)))
    return build if len(others) == len(choices) else functools.partial(_optional, build)


def _optional(build: Build, plain: Any) -> Any:
    return None if plain is None else build(plain)


def _tagged(named: Mapping[str, Any], plain: Any) -> Any:
    kind = _object(plain).get("kind")
    if not isinstance(kind, str) or kind not in named:
        wanted = nearest(str(kind)[:SHOWN], named)
        raise Misfit(f"{show(kind)} is no kind that is known; {wanted}").within("kind")
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
            raise Misfit(f"{show(plain)}: {error}") from None
        return value

    return built
