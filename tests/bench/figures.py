"""A measured figure beside the bound it is held to, and a table of them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line: what, how much, and the most or the least it may be."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def kept(self) -> bool:
        """Whether it is within its bounds."""
        most = self.at_most is None or self.value <= self.at_most
        return most and (self.at_least is None or self.value >= self.at_least)

    def __str__(self) -> str:
        bounds = []
        if self.at_least is not None:
            bounds.append(f"at least {self.at_least:.2f}")
        if self.at_most is not None:
            bounds.append(f"at most {self.at_most:.2f}")
        mark = "" if self.kept else "  BROKEN"
        return f"{self.what:56} {self.value:9.3f} {self.unit:7} {', '.join(bounds)}{mark}"


def report(subject: str, figures: Iterable[Figure]) -> int:
    """Print figures as they come. 1 if a bound is broken, else 0.

    A run that is told to end (SIGTERM) removes what it made first, as one that fails.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    print(f"{subject}: {os.cpu_count()} cores, Linux {os.uname().release}", flush=True)
    kept = True
    for figure in figures:
        print(figure, flush=True)
        kept = kept and figure.kept
    return 0 if kept else 1
