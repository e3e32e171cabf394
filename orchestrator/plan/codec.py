"""Plans to plain values and back, so that a run's folder says what lab it was made in.

Every value in a plan is a dataclass, a tuple, a dictionary, an address or a scalar, and its
type hints say which: the codec needs no code per class. A union of dataclasses is told
apart by a ``kind`` key, the name of the class. A field that has its default is left out.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing
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
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: to_plain(getattr(value, f.name)) for f in _told_fields(value)}
        return {"kind": type(value).__name__, **fields} if type(value) in _TAGGED else fields
    if isinstance(value, dict):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(entry) for entry in value]
    return str(value) if isinstance(value, TEXTUAL) else value


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


def _told_fields(value: Any) -> list[dataclasses.Field[Any]]:
    """The fields worth writing: a default that was kept needs no line."""
    return [f for f in dataclasses.fields(value) if getattr(value, f.name) != _default(f)]


def _default(field: dataclasses.Field[Any]) -> Any:
    factory: Any = field.default_factory
    return field.default if factory is dataclasses.MISSING else factory()
