"""Asking at a fixed rate, whatever becomes of the answers: an open loop.

A question is sent when it is due, also while those before it wait. A closed loop would ask less
during an outage, and miss most of it ("coordinated omission").
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.probes.question import Asker, Question, classify
from orchestrator.records.study import ProbeRun, Sample

Tell = Callable[[Sample], None]


@dataclass(frozen=True)
class Clock:
    """The wall clock on the event loop's: both at one moment. A step of the wall clock during a
    trial would be read as an outage, so it is looked at once."""

    loop_s: float
    wall_ns: int

    @classmethod
    def now(cls) -> Clock:
        """Both clocks as they are."""
        return cls(asyncio.get_running_loop().time(), time.time_ns())

    def wall_at(self, loop_s: float) -> int:
        """The wall clock in ns since 1970."""
        return self.wall_ns + round((loop_s - self.loop_s) * 1e9)


class Pacer:
    """Asks the questions of one probe, and tells a sample of each."""

    def __init__(self, run: ProbeRun, asker: Asker, clock: Clock, tell: Tell) -> None:
        self._run, self._asker, self._clock, self._tell = run, asker, clock, tell
        self._loop = asyncio.get_running_loop()
        self._start_s, self._next = 0.0, 0
        self._timer: asyncio.TimerHandle | None = None
        self._asked: set[asyncio.Task[None]] = set()

    def start(self, at_s: float) -> None:
        """Ask the first question at ``at_s`` of the loop's clock."""
        self._start_s = at_s
        self._timer = self._loop.call_at(at_s, self._fire)

    def _due_s(self, sequence: int) -> float:
        return self._start_s + sequence * self._run.interval_ms / 1e3

    def _fire(self) -> None:
        """Ask all that is due: more than one if this process was kept from running."""
        while self._due_s(self._next) <= self._loop.time():
            task = asyncio.create_task(self._ask(self._next, self._due_s(self._next)))
            self._asked.add(task)
            task.add_done_callback(self._asked.discard)
            self._next += 1
        self._timer = self._loop.call_at(self._due_s(self._next), self._fire)

    async def _ask(self, sequence: int, due_s: float) -> None:
        sent_s = self._loop.time()
        question = Question(sequence, self._clock.wall_at(sent_s))
        failed = None
        try:
            async with asyncio.timeout(self._run.timeout_ms / 1e3):
                await self._asker.ask(question)
        except Exception as error:  # whatever it is: a question that failed is a result
            failed = classify(error)
        took_ms = (self._loop.time() - sent_s) * 1e3 if failed is None else None
        self._tell(
            Sample(
                probe=self._run.name,
                sequence=sequence,
                due_ns=self._clock.wall_at(due_s),
                sent_ns=question.sent_ns,
                took_ms=took_ms if question.took_ms is None or failed else question.took_ms,
                failure=failed.kind if failed else None,
                detail=failed.detail if failed else question.detail,
                source=question.source,
                source_port=question.source_port,
                target=question.target,
                target_port=question.target_port,
            )
        )

    async def stop(self) -> None:
        """Ask no more, and wait for what was asked: for a timeout at most."""
        if self._timer is not None:
            self._timer.cancel()
        if self._asked:
            await asyncio.wait(self._asked)
