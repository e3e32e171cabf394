"""Before, during and after the faults of a trial."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.records.study import FaultEvent, Trial
from orchestrator.spec.probing import Phase


@dataclass(frozen=True)
class Span:
    """From one moment on and up to another, which is no more in it; ns since 1970."""

    start_ns: int
    end_ns: int

    def holds(self, time_ns: int) -> bool:
        """Whether a moment is in it."""
        return self.start_ns <= time_ns < self.end_ns


def find_phases(trial: Trial) -> dict[Phase, Span]:
    """The phases that a trial had: all is "before" in one without faults.

    "during" goes from the beginning of the first fault to when the last one began to be healed,
    "after" on from when it had been. There is no "after" where one of them stays.
    """
    end_ns = trial.ended_ns + 1
    if not trial.faults:
        return {"before": Span(trial.started_ns, end_ns)}
    begun_ns = min(fault.begun_ns for fault in trial.faults)
    endings = [ending_of(fault) for fault in trial.faults]
    before = Span(trial.started_ns, begun_ns)
    if None in endings:
        return {"before": before, "during": Span(begun_ns, end_ns)}
    ending = max((e for e in endings if e is not None), key=lambda e: e.end_ns)
    during = Span(begun_ns, ending.start_ns)
    return {"before": before, "during": during, "after": Span(ending.end_ns, end_ns)}


def ending_of(fault: FaultEvent) -> Span | None:
    """How a fault ended: from when its healing began to when it was healed.

    What passes by itself, a restart, ends when the lab was seen to be well again. None: it did
    not end within the trial.
    """
    if fault.heal_begun_ns is None:
        return None if fault.well_ns is None else Span(fault.well_ns, fault.well_ns)
    return Span(fault.heal_begun_ns, fault.healed_ns or fault.heal_begun_ns)
