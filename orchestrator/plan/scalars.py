"""Values that hold no others: texts, numbers that are finite and of a size that times and counts
have, addresses, choices."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any

from orchestrator.plan.misfit import Misfit, refuse, show

Build = Callable[[Any], Any]

IPV4 = (IPv4Address, IPv4Interface, IPv4Network)
TEXTUAL = (*IPV4, IPv6Address, IPv6Interface, IPv6Network)
# Nanoseconds since 1970 have 61 bits; milliseconds beyond this are 30,000 years.
_MOST, _MOST_MS = 2**64, 1e15


def literal(values: tuple[Any, ...], plain: Any) -> Any:
    """One of some values, of its very type."""
    # True == 1, but is no number that was meant.
    if any(plain == value and type(plain) is type(value) for value in values):
        return plain
    raise Misfit(f"{show(plain)} is none of {', '.join(map(str, values))}")


def textual(kind: Any, plain: Any) -> Any:
    """What ``kind`` (TEXTUAL) makes of a text."""
    if not isinstance(plain, str):
        refuse("an address", plain)
    try:
        return _read(kind, plain)
    except ValueError as error:
        raise Misfit(f"{show(plain)}: {error}") from None


@functools.lru_cache(maxsize=4096)  # the same few, in every table of a plan and of a run
def _read(kind: Any, text: str) -> Any:
    return kind(text)


def of_family(kind6: Any, kind4: Any, plain: Any) -> Any:
    """An address of either family, told by the colon that no address of IPv4 has."""
    return textual(kind6 if isinstance(plain, str) and ":" in plain else kind4, plain)


def _text(plain: Any) -> str:
    return plain if isinstance(plain, str) else refuse("a text", plain)


def _truth(plain: Any) -> bool:
    return plain if isinstance(plain, bool) else refuse("true or false", plain)


def _whole(plain: Any) -> int:
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if not isinstance(plain, int) or isinstance(plain, bool):
        refuse("a whole number", plain)
    return plain if abs(plain) < _MOST else refuse("a smaller number", plain)


def _number(plain: Any) -> float:
    if not isinstance(plain, int | float) or isinstance(plain, bool):
        refuse("a number", plain)
    if isinstance(plain, float) and not math.isfinite(plain):
        refuse("a finite number", plain)
    return plain if abs(plain) <= _MOST_MS else refuse("a smaller number", plain)


def _none(plain: Any) -> None:
    return None if plain is None else refuse("null", plain)


def _any(plain: Any) -> Any:
    return plain


SCALARS: dict[Any, Build] = {
    str: _text,
    bool: _truth,
    int: _whole,
    float: _number,
    types.NoneType: _none,
    Any: _any,
}
