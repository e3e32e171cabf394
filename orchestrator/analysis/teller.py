"""What every kind of step is to the journey."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orchestrator.analysis.step import Step
from orchestrator.analysis.story import Story


@dataclass(frozen=True)
class Teller:
    """One kind of step: its name, the fields of tshark that it reads, and how it is told."""

    kind: str
    tell: Callable[[Story], Iterable[Step]]
    fields: tuple[str, ...] = ()
