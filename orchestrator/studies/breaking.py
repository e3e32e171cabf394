"""The timeline of a trial as it happens: every fault has a thread that waits for its moments."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from orchestrator.errors import FaultError
from orchestrator.records.in_force import InForce
from orchestrator.records.study import FaultEvent
from orchestrator.studies.timeline import TimedFault

# A fault is made ready so long before its moment, for that to be met; one that comes sooner after
# the start is made ready before it. Not all are: what they touch changes while others are in force.
LEAD_S = 3.0
_READY_WITHIN_S = 30.0
# What is under way when a trial ends is waited for: a node that restarts takes a while.
_ENDS_WITHIN_S = 90.0


class _CalledOff(Exception):
    """The trial is over, and the fault was not begun."""


@dataclass
class _Doing:
    """A fault of the timeline, and what became of it."""

    fault: TimedFault
    begins_ms: float
    ready: threading.Event = field(default_factory=threading.Event)
    entry: InForce | None = None
    heal_begun_ns: int | None = None
    healed_ns: int | None = None
    well_ns: int | None = None

    def told(self) -> FaultEvent | None:
        """What was done so far, or None."""
        if self.entry is None:
            return None
        entry = self.entry
        return FaultEvent(
            fault=entry.fault,
            target=entry.target,
            options=dict(entry.options),
            begun_ns=entry.begun_ns,
            in_force_ns=entry.in_force_ns,
            heal_begun_ns=self.heal_begun_ns,
            healed_ns=self.healed_ns,
            well_ns=self.well_ns,
        )


@dataclass(frozen=True)
class Breaking:
    """How a lab is broken and mended; whoever runs a study hands in the verbs.

    begin   puts a fault in force. It calls its second argument when all that takes long is done,
            and the lab is touched only after that returns
    heal    undoes it, and does not wait for the lab to be well
    settle  returns once the lab is as before; raises FaultError where it does not get so
    """

    begin: Callable[[TimedFault, Callable[[], None]], InForce]
    heal: Callable[[InForce], None]
    settle: Callable[[], None]


class Timeline:
    """The faults of one trial: `prepare` it, `start` it, `check` it now and then, and `end` it.

    ``tell`` hears of each thing done, in the thread that did it; so does ``changed``, when nodes
    may have got new namespaces.
    """

    def __init__(
        self,
        breaking: Breaking,
        faults: Iterable[tuple[TimedFault, float]],
        tell: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._breaking, self._tell, self._changed = breaking, tell, changed
        self._doings = [_Doing(fault, begins_ms) for fault, begins_ms in faults]
        self._threads: list[threading.Thread] = []
        self._errors: list[Exception] = []
        self._started, self._over = threading.Event(), threading.Event()
        self._started_s = 0.0

    def prepare(self) -> None:
        """Make ready what comes soon after the start; bounded in time."""
        self._threads = [
            threading.Thread(target=self._run, args=(doing,), name=doing.fault.fault, daemon=True)
            for doing in self._doings
        ]
        for thread in self._threads:
            thread.start()
        for doing in self._doings:
            if doing.begins_ms < LEAD_S * 1e3:
                doing.ready.wait(_READY_WITHIN_S)

    def start(self) -> None:
        """Begin the trial: 0 ms is now."""
        self._started_s = time.monotonic()
        self._started.set()

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since `start`."""
        return (time.monotonic() - self._started_s) * 1e3

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the end."""
        self._over.wait(seconds)

    def check(self) -> None:
        """Raise what kept a fault from being begun or healed."""
        if self._errors:
            raise self._errors[0]

    def check_all_done(self) -> None:
        """Raise FaultError for a fault that was not begun, though its moment has come."""
        self.check()
        for doing in self._doings:
            if doing.entry is None:
                message = f"{doing.fault.fault} {doing.fault.target} was not begun in time"
                raise FaultError(message, "this machine is too busy for a study")

    def end(self) -> None:
        """Begin nothing more, and heal all that is in force; bounded in time."""
        self._over.set()
        self._started.set()
        for thread in self._threads:
            thread.join(_ENDS_WITHIN_S)

    def events(self) -> tuple[FaultEvent, ...]:
        """What was done, in the order of the scenario."""
        told = (doing.told() for doing in self._doings)
        return tuple(event for event in told if event is not None)

    def well(self) -> None:
        """The lab was seen to be as before."""
        for doing in self._doings:
            doing.well_ns = doing.well_ns or time.time_ns()

    def _run(self, doing: _Doing) -> None:
        try:
            self._begin(doing)
            if not doing.fault.passes:
                self._heal(doing)
        except _CalledOff:
            pass
        except Exception as error:  # told by check(), in the thread of the trial
            self._errors.append(error)
        finally:
            doing.ready.set()

    def _begin(self, doing: _Doing) -> None:
        fault = doing.fault
        if doing.begins_ms >= LEAD_S * 1e3:
            self._await(doing.begins_ms - LEAD_S * 1e3)

        def ready() -> None:
            doing.ready.set()
            self._await(doing.begins_ms)

        doing.entry = self._breaking.begin(fault, ready)
        took_ms = (doing.entry.in_force_ns - doing.entry.begun_ns) / 1e6
        self._tell(f"{doing.entry}: in force after {took_ms:.0f} ms")
        if fault.passes:
            doing.well_ns = time.time_ns()
        self._changed()

    def _heal(self, doing: _Doing) -> None:
        assert doing.entry is not None
        if doing.fault.for_ms is None:
            self._over.wait()
        else:
            since_begun_ms = (time.time_ns() - doing.entry.begun_ns) / 1e6
            self._wait_until(self.elapsed_ms - since_begun_ms + doing.fault.for_ms)
        doing.heal_begun_ns = time.time_ns()
        self._breaking.heal(doing.entry)
        doing.healed_ns = time.time_ns()
        self._tell(f"{doing.entry}: healed")
        self._changed()

    def _await(self, at_ms: float) -> None:
        """Wait for a moment of the trial. Raises _CalledOff if the trial ends before."""
        if self._wait_until(at_ms):
            raise _CalledOff

    def _wait_until(self, at_ms: float) -> bool:
        """True if the trial ended first."""
        self._started.wait()
        return self._over.wait(max(0.0, (at_ms - self.elapsed_ms) / 1e3))
