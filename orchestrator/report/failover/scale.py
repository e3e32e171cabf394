"""Where things go in a plot: times along a line, answer times along a log scale, labels in rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# The mean width of a character, in units of the drawing, at the size that labels have.
CHARACTER = 6.3
_STEPS = (1, 2, 5)
_MOST_TICKS = 11


@dataclass(frozen=True)
class Scale:
    """A range of values over a range of places."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value, within the range of places."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))

    def ticks(self) -> list[float]:
        """Round values, about ten of them."""
        step = _round_step((self.high - self.low) / _MOST_TICKS)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        return [(first + number) * step for number in range(count)]


def _round_step(least: float) -> float:
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in (*_STEPS, 10) if power * step >= least * (1 - 1e-9))


@dataclass(frozen=True)
class LogScale:
    """Positive values by their logarithm, over a range of places."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value, within the range of places."""
        low, high = math.log10(self.low), math.log10(self.high)
        inner = Scale(low, high, self.start, self.end)
        return inner.at(math.log10(max(value, self.low)))

    def ticks(self) -> list[float]:
        """Powers of ten, with twos and fives between them where there are few."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        tens = [10.0**power for power in powers]
        fine = [step * ten for ten in tens for step in _STEPS]
        inside = [[v for v in values if self.low <= v <= self.high] for values in (tens, fine)]
        return inside[0] if len(inside[0]) > 1 else inside[1]


def log_scale(values: Sequence[float], start: float, end: float) -> LogScale:
    """A scale with some room around the values; of none, from 1 to 10."""
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    return LogScale(max(low, 0.01) / 1.5, max(high, 0.02) * 1.5, start, end)


def width_of(text: str) -> float:
    """About how wide a label is."""
    return len(text) * CHARACTER


def stack(labels: Sequence[tuple[float, float]]) -> list[int]:
    """A row for each label (place, width), given from left to right, so that none overlaps.

    A label stands right of a line that goes down from it: one further right goes to a lower row,
    because its own line would else cut through the label before it.
    """
    rows: list[int] = []
    for number, (place, _) in enumerate(labels):
        over = [rows[k] for k in range(number) if labels[k][0] + labels[k][1] > place]
        rows.append(max(over, default=-1) + 1)
    return rows
