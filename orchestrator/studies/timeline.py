"""When in a trial a fault begins and ends; the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class TimedFault:
    """A fault of a scenario as it will be done: ``target`` is resolved, ``options`` are those that
    the scenario writes. Times are ms after the probes began; ``for_ms`` None: it is healed at the
    trial's end. ``passes`` says that there is nothing to heal: a restart is over by itself."""

    fault: str
    target: str
    options: Mapping[str, str]
    at_ms: float
    for_ms: float | None
    jitter_ms: float = 0.0
    passes: bool = False

    @property
    def latest_ms(self) -> float:
        """When it begins at the latest."""
        return self.at_ms + self.jitter_ms

    def may_overlap(self, other: TimedFault) -> bool:
        """Whether both may be in force at one moment, whatever their jitter."""
        return self.at_ms <= other._latest_end_ms and other.at_ms <= self._latest_end_ms

    @property
    def _latest_end_ms(self) -> float:
        return float("inf") if self.for_ms is None else self.latest_ms + self.for_ms


def begins_ms(fault: TimedFault, seed: int, trial: int, index: int) -> float:
    """When the fault, the ``index``-th of its scenario, begins in a trial: its jitter is drawn
    anew for each of them, so that they do not all meet the same moment of a timer's period."""
    return fault.at_ms + Random(f"{seed}/{trial}/{index}").uniform(0, fault.jitter_ms)
