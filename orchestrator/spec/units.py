"""Quantities as people write them: `12 ms`, `100 Mbit/s`, `1.5 %`, `64 kB`, `100 packets`.

A unit is always written; a bare number could mean anything. Each function raises Mistake for
what it cannot read, and for what no link could have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from orchestrator.spec.problems import Mistake, did_you_mean

_QUANTITY = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*([a-zA-Zµ%/]*)\s*")

TIMES_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1000.0}
RATES_BPS = {
    f"{prefix}bit{per}": factor
    for prefix, factor in (("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9))
    for per in ("/s", "ps")
} | {"bps": 1.0, "kbps": 1e3, "Mbps": 1e6, "Gbps": 1e9}
SIZES_BYTES = {"B": 1.0, "kB": 1e3, "KiB": 1024.0, "MB": 1e6, "MiB": 1024.0**2}

LONGEST_DELAY_MS = 60_000.0
HIGHEST_RATE_BPS = 100e9


def _read(text: str, units: Mapping[str, float], what: str, example: str) -> float:
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise Mistake(f"'{text}' is not a {what}", f"write it like '{example}'")
    number, unit = float(match[1]), match[2]
    if not unit:
        raise Mistake(f"'{text}' has no unit", f"write it like '{example}'")
    if unit not in units:
        hint = did_you_mean(unit, units) or f"units: {', '.join(units)}"
        raise Mistake(f"unknown unit '{unit}' of a {what}", hint)
    if number < 0:
        raise Mistake(f"a {what} cannot be negative: '{text}'")
    return number * units[unit]


def read_time_ms(text: str) -> float:
    """A time in milliseconds, at most a minute."""
    value = _read(text, TIMES_MS, "time", "12 ms")
    if value > LONGEST_DELAY_MS:
        raise Mistake(f"'{text}' is longer than a link can hold a packet", "at most 60 s")
    return value


def read_rate_bps(text: str) -> int:
    """A rate in bits per second."""
    value = _read(text, RATES_BPS, "rate", "100 Mbit/s")
    if not 0 < value <= HIGHEST_RATE_BPS:
        raise Mistake(f"'{text}' is no rate of a link", "more than 0, at most 100 Gbit/s")
    return round(value)


def read_share(text: str) -> float:
    """A probability, written in percent, as a number between 0 and 1."""
    value = _read(text, {"%": 0.01}, "share", "1.5 %")
    if value > 1:
        raise Mistake(f"'{text}' is more than all", "at most 100 %")
    return value


def read_queue(text: str) -> tuple[int, str]:
    """A queue's length and what it counts: ``(100, "packets")`` or ``(64000, "bytes")``."""
    units = {**SIZES_BYTES, "packets": 1.0, "packet": 1.0}
    value = _read(text, units, "queue", "100 packets")
    match = _QUANTITY.fullmatch(str(text))
    counted = "packets" if match and match[2].startswith("packet") else "bytes"
    if value < 1:
        raise Mistake(f"'{text}' holds nothing", "at least 1 packet")
    return round(value), counted
