"""Plans to plain values and back, so that a run's folder says what lab it was made in.

Every value in a plan is a dataclass, a tuple, a dictionary, an address or a scalar, and its
type hints say which: the codec needs no code per class. A union of dataclasses is told
apart by a ``kind`` key, the name of the class. A field that has its default is left out.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestrator.plan.fitting import fit
from orchestrator.plan.impairment import Loss
from orchestrator.plan.model import Plan
from orchestrator.plan.scalars import TEXTUAL
from orchestrator.plan.services import Settings

T = typing.TypeVar("T")

_TAGGED = {*typing.get_args(Settings), *typing.get_args(Loss)}
# Half of a pair that UTF-16 writes one character with: no text can be written with it.
_LONE = re.compile("[\ud800-\udfff]")


def to_plain(value: Any) -> Any:
    """``value`` as dictionaries, lists and scalars, ready for JSON or YAML."""
    cls: Any = type(value)
    return _writer(cls)(value)


@functools.cache
def _writer(cls: type) -> Callable[[Any], Any]:
    """How a value of a class is written: found out once for each."""
    if dataclasses.is_dataclass(cls):
        return functools.partial(_fields_of, _tag(cls), dataclasses.fields(cls))
    if issubclass(cls, dict):
        return lambda value: {str(key): to_plain(entry) for key, entry in value.items()}
    if issubclass(cls, tuple | list):
        return lambda value: [to_plain(entry) for entry in value]
    return _text if issubclass(cls, TEXTUAL) else _itself


def _tag(cls: type) -> dict[str, str]:
    return {"kind": cls.__name__} if cls in _TAGGED else {}


def _fields_of(
    tag: Mapping[str, str], fields: Sequence[dataclasses.Field[Any]], value: Any
) -> dict[str, Any]:
    """The fields worth writing: a default that was kept needs no line."""
    told = dict(tag)
    for field in fields:
        given = getattr(value, field.name)
        if given != _default(field):
            told[field.name] = to_plain(given)
    return told


@functools.lru_cache(maxsize=4096, typed=True)  # every FIB of a lab has the same prefixes
def _text(address: Any) -> str:
    return str(address)


def _itself(value: Any) -> Any:
    return value


def plan_from_plain(plain: Any) -> Plan:
    """The plan that :func:`to_plain` wrote. Raises Misfit, a TypeError, on foreign data."""
    return from_plain(Plan, plain)


def from_plain(cls: type[T], plain: Any) -> T:
    """The value of ``cls`` that :func:`to_plain` wrote. Raises Misfit, with the place in it."""
    value: T = fit(cls, plain)
    return value


def read_json(text: str) -> Any:
    """The plain values of a JSON document (RFC 8259), of texts that can be written again.

    Raises ValueError where it is none, JSONDecodeError with the place where that is known.
    """
    try:
        plain = json.loads(text, parse_constant=_refuse_constant)
        return _mend(plain) if "\\ud" in text.lower() else plain
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _mend(plain: Any) -> Any:
    """With U+FFFD where a text has half a character."""
    if isinstance(plain, str):
        return _LONE.sub("\ufffd", plain)
    if isinstance(plain, list):
        return [_mend(entry) for entry in plain]
    if isinstance(plain, dict):
        return {_mend(key): _mend(entry) for key, entry in plain.items()}
    return plain


def _default(field: dataclasses.Field[Any]) -> Any:
    factory: Any = field.default_factory
    return field.default if factory is dataclasses.MISSING else factory()
