"""Plans to plain values and back, so that a run's folder says what lab it was made in.

Every value in a plan is a dataclass, a tuple, a dictionary, an address or a scalar, and its
type hints say which: the codec needs no code per class. A union of dataclasses is told
apart by a ``kind`` key, the name of the class.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from orchestrator.plan.model import Plan

_TEXTUAL = (IPv4Address, IPv4Interface, IPv4Network)


def to_plain(value: Any) -> Any:
    """``value`` as dictionaries, lists and scalars, ready for JSON or YAML."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **fields} if _is_settings(value) else fields
    if isinstance(value, dict):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(entry) for entry in value]
    return str(value) if isinstance(value, _TEXTUAL) else value


def plan_from_plain(plain: Any) -> Plan:
    """The plan that :func:`to_plain` wrote. Raises KeyError or TypeError on foreign data."""
    plan = _build(Plan, plain)
    assert isinstance(plan, Plan)
    return plan


def _is_settings(value: object) -> bool:
    return type(value).__name__.endswith("Settings")


def _build(hint: Any, plain: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _build_union(arguments, plain)
    if origin is tuple:
        return tuple(_build(arguments[0], entry) for entry in plain)
    if origin is dict:
        return {arguments[0](key): _build(arguments[1], entry) for key, entry in plain.items()}
    if dataclasses.is_dataclass(hint):
        cls: Any = hint
        hints = _hints(cls)
        return cls(**{key: _build(hints[key], plain[key]) for key in hints})
    return hint(plain) if hint in _TEXTUAL else plain


def _build_union(choices: tuple[Any, ...], plain: Any) -> Any:
    if isinstance(plain, dict) and "kind" in plain:
        return _build(next(c for c in choices if c.__name__ == plain["kind"]), plain)
    if plain is None:
        return None
    return _build(next(c for c in choices if c is not types.NoneType), plain)


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)
