"""Plans to plain values and back, so that a run's folder says what lab it was made in.

Every value in a plan is a dataclass, a tuple, a dictionary, an address or a scalar, and its
type hints say which: the codec needs no code per class. A union of dataclasses is told
apart by a ``kind`` key, the name of the class. A field that has its default is left out.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any

from orchestrator.plan.impairment import Loss
from orchestrator.plan.model import Plan
from orchestrator.plan.services import Settings

T = typing.TypeVar("T")

_IPV4 = (IPv4Address, IPv4Interface, IPv4Network)
_TEXTUAL = (*_IPV4, IPv6Address, IPv6Interface, IPv6Network)
_TAGGED = {*typing.get_args(Settings), *typing.get_args(Loss)}


def to_plain(value: Any) -> Any:
    """``value`` as dictionaries, lists and scalars, ready for JSON or YAML."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: to_plain(getattr(value, f.name)) for f in _told_fields(value)}
        return {"kind": type(value).__name__, **fields} if type(value) in _TAGGED else fields
    if isinstance(value, dict):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(entry) for entry in value]
    return str(value) if isinstance(value, _TEXTUAL) else value


def plan_from_plain(plain: Any) -> Plan:
    """The plan that :func:`to_plain` wrote. Raises KeyError or TypeError on foreign data."""
    return from_plain(Plan, plain)


def from_plain(cls: type[T], plain: Any) -> T:
    """The value of ``cls`` that :func:`to_plain` wrote. Raises as plan_from_plain does."""
    value = _build(cls, plain)
    assert isinstance(value, cls)
    return value


def _told_fields(value: Any) -> list[dataclasses.Field[Any]]:
    """The fields worth writing: a default that was kept needs no line."""
    return [f for f in dataclasses.fields(value) if getattr(value, f.name) != _default(f)]


def _default(field: dataclasses.Field[Any]) -> Any:
    factory: Any = field.default_factory
    return field.default if factory is dataclasses.MISSING else factory()


def _build(hint: Any, plain: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _build_union(arguments, plain)
    if origin is tuple:
        return tuple(_build(arguments[0], entry) for entry in plain)
    if origin is dict:
        if not isinstance(plain, dict):
            raise TypeError(f"expected a mapping, not {type(plain).__name__}")
        return {arguments[0](key): _build(arguments[1], entry) for key, entry in plain.items()}
    if dataclasses.is_dataclass(hint):
        cls: Any = hint
        hints = _hints(cls)
        return cls(**{key: _build(hints[key], plain[key]) for key in hints if key in plain})
    return hint(plain) if hint in _TEXTUAL else plain


def _build_union(choices: tuple[Any, ...], plain: Any) -> Any:
    if isinstance(plain, dict) and "kind" in plain:
        return _build(next(c for c in choices if c.__name__ == plain["kind"]), plain)
    if plain is None:
        return None
    if isinstance(plain, str) and set(choices) & set(_TEXTUAL):
        return next(c for c in choices if (c in _IPV4) == (":" not in plain))(plain)
    return _build(next(c for c in choices if c is not types.NoneType), plain)


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)
