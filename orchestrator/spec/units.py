"""Quantities as people write them: `12 ms`, `100 Mbit/s`, `1.5 %`, `64 kB`, `100 packets`.

A unit is always written; a bare number could mean anything. Each function raises Mistake for
what it cannot read, and for what no link could have. ``written`` and the ``WRITTEN_…`` are the
JSON schema of what they read: the form and the units, not the limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.errors import Mistake, nearest
from orchestrator.spec.written import text_like

_QUANTITY = re.compile(r"\s*([-+]?[0-9]*\.?[0-9]+)\s*([a-zA-Zµ%/]*)\s*")
_BOUND = re.compile(r"\s*(<=|>=|=)?\s*([^<>=\s].*)")
_COUNT = re.compile(r"[0-9]+\s*")
_SHOWN = 40  # characters of a text that a message repeats
_NO_TEXT = {list: "a list", dict: "a mapping", type(None): "nothing"}

TIMES_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1000.0}
SPANS_MS = {**TIMES_MS, "min": 60_000.0}
DURATIONS_MS = {**SPANS_MS, "h": 3_600_000.0}
SHARES = {"%": 0.01}
RATES_BPS = {
    f"{prefix}{unit}": factor
    for unit in ("bit/s", "bps")
    for prefix, factor in (("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9))
}
SIZES_BYTES = {"B": 1.0, "kB": 1e3, "KiB": 1024.0, "MB": 1e6, "MiB": 1024.0**2}
PACKETS = {"packets": 1.0, "packet": 1.0}
QUEUES = {**SIZES_BYTES, **PACKETS}

LONGEST_DELAY_MS = 60_000.0
LONGEST_DURATION_S = 86_400.0
LONGEST_SPAN_MS = 3_600_000.0
HIGHEST_RATE_BPS = 100e9
# What both backends can count to (runtime/wire/settings.c; netem's limit has 32 bits).
MOST_PACKETS, MOST_BYTES = 1_000_000, 2**30


def _read(
    written: object, units: Mapping[str, float], what: str, example: str
) -> tuple[float, str]:
    """A quantity in the base unit of ``units``, and the unit that was written."""
    text, like = _text_of(written), f"write it like '{example}'"
    match = _QUANTITY.fullmatch(text.replace("μ", "µ"))  # a Greek mu for the micro sign
    if match is None:
        raise Mistake(f"{_shown(text)} is not a {what}", like)
    number, unit = float(match[1]), match[2]
    if not unit:
        raise Mistake(f"{_shown(text)} has no unit", like)
    if unit not in units:
        hint = nearest(unit, units, f"units: {', '.join(units)}")
        raise Mistake(f"unknown unit {_shown(unit)} of a {what}", hint)
    if number < 0:
        raise Mistake(f"a {what} cannot be negative: {_shown(text)}")
    # Nine decimals are what links can do, and hide what binary fractions are off.
    return round(abs(number) * units[unit], 9), unit


def _text_of(written: object) -> str:
    """What stood in the file, more or less: YAML has made numbers and truths of some of it."""
    if isinstance(written, bool):
        return str(written).lower()
    return _NO_TEXT.get(type(written), str(written))


def _shown(text: str) -> str:
    if text in _NO_TEXT.values():
        return text
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}…'"


def read_time_ms(written: object) -> float:
    """A time in milliseconds, at most a minute."""
    value, _ = _read(written, TIMES_MS, "time", "12 ms")
    if value > LONGEST_DELAY_MS:
        raise Mistake(f"{_shown(str(written))} is too long a time for a link", "at most 60 s")
    return value


def read_duration_s(text: str) -> float:
    """How long something goes on, in seconds; at most a day."""
    value = _read(text, DURATIONS_MS, "time", "10 s")[0] / 1000
    if value > LONGEST_DURATION_S:
        raise Mistake(f"'{text}' is longer than a day", "at most 24 h")
    return value


def read_span_ms(written: object) -> float:
    """A stretch of a study in milliseconds, at most an hour."""
    value, _ = _read(written, SPANS_MS, "time", "8 s")
    if value > LONGEST_SPAN_MS:
        raise Mistake(f"{_shown(str(written))} is too long for a study", "at most 60 min")
    return value


def read_bound(written: object) -> tuple[str, float, str]:
    """A bound as its sign, its value and its unit: ``("<=", 600.0, "ms")``.

    Units are "ms", "%", and "" for a plain number; a sign is "<=", ">=" or, for none, "=".
    """
    text = _text_of(written)
    match = _BOUND.fullmatch(text)
    if match is None:
        raise Mistake(f"{_shown(text)} is not a bound", "write it like '<= 600 ms' or '>= 2 s'")
    sign, rest = match[1] or "=", match[2]
    if _COUNT.fullmatch(rest):
        return sign, float(rest), ""
    units = {**TIMES_MS, "%": 1.0}
    value, unit = _read(rest, units, "bound", "<= 600 ms")
    return sign, value, unit if unit == "%" else "ms"


def read_rate_bps(written: object) -> int:
    """A rate in bits per second."""
    value, _ = _read(written, RATES_BPS, "rate", "100 Mbit/s")
    if not 0 < value <= HIGHEST_RATE_BPS:
        hint = "more than 0, at most 100 Gbit/s"
        raise Mistake(f"{_shown(str(written))} is no rate of a link", hint)
    return round(value)


def read_share(written: object) -> float:
    """A probability, written in percent, as a number between 0 and 1."""
    value, _ = _read(written, SHARES, "share", "1.5 %")
    if value > 1:
        raise Mistake(f"{_shown(str(written))} is more than all", "at most 100 %")
    return value


def read_queue(written: object) -> tuple[int, str]:
    """A queue's length and what it counts: ``(100, "packets")`` or ``(64000, "bytes")``."""
    value, unit = _read(written, QUEUES, "queue", "100 packets")
    counted = "packets" if unit in PACKETS else "bytes"
    if value < 1:
        raise Mistake(f"{_shown(str(written))} holds nothing", "at least 1 packet")
    if value > (MOST_PACKETS if counted == "packets" else MOST_BYTES):
        hint = f"at most {MOST_PACKETS} packets or {MOST_BYTES >> 20} MiB"
        raise Mistake(f"{_shown(str(written))} is too long a queue", hint)
    if value != int(value):
        raise Mistake(f"{_shown(str(written))} has a fraction of one", f"whole {counted} only")
    return int(value), counted


def _quantity(units: Iterable[str]) -> str:
    """A pattern of what ``_read`` takes, in the dialect of JSON schema (ECMA 262)."""
    return rf"\+?[0-9]*\.?[0-9]+\s*({'|'.join(units)})"


def written(title: str, units: Iterable[str], *examples: str) -> dict[str, Any]:
    """The JSON schema of a quantity in one of these units; the first example is the form."""
    return text_like(title, rf"\s*{_quantity(units)}\s*", *examples)


WRITTEN_TIME = written("time", TIMES_MS, "12 ms", "1.5 s")
WRITTEN_SPAN = written("time", SPANS_MS, "8 s", "20 ms", "2 min")
WRITTEN_DURATION = written("time", DURATIONS_MS, "90 s", "10 s")
WRITTEN_RATE = written("rate", RATES_BPS, "100 Mbit/s", "1.5 Mbit/s", "384 kbit/s")
WRITTEN_SHARE = written("share", SHARES, "1.5 %", "0.1 %")
WRITTEN_QUEUE = written("queue", QUEUES, "100 packets", "64 kB")
# Only of nothing is it the same to say "at most" and "just".
WRITTEN_TIME_BOUND = text_like(
    "bound of a time",
    rf"\s*((<=|>=)\s*{_quantity(TIMES_MS)}|=?\s*0*\.?0+\s*({'|'.join(TIMES_MS)}))\s*",
    *("<= 600 ms", ">= 2 s"),
)
WRITTEN_COUNT_BOUND = text_like(
    "bound of a number",
    rf"\s*(<=|>=|=)?\s*([0-9]+|{_quantity(SHARES)})\s*",
    *("<= 3", "<= 1 %"),
)
