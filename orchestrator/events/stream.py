"""Everything that is told of a lab, in the order of time, until it ends."""

from __future__ import annotations

import math
import os
import select
import threading
import time
from collections import deque
from collections.abc import Iterator

from orchestrator.records.study import NetworkEvent

# Sources have each their own delay: what is told within this time is put in order.
GATHER_S = 0.1
# A signal that comes after Python last looked and before the kernel waits ends no wait (signal(7)):
# it is seen after this.
_SIGNALS_EVERY_S = 0.5
_END = ("lab", "down")

Batch = list[NetworkEvent]


class Stream:
    """What came and was not yet taken. Anybody may put in, one takes out."""

    def __init__(self) -> None:
        self._events: deque[NetworkEvent] = deque()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK)
        self._lock, self._closed = threading.Lock(), False

    def put(self, event: NetworkEvent) -> None:
        """Add an event; from any thread."""
        with self._lock:
            if not self._closed:
                self._events.append(event)
                os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Whoever still tells is not heard."""
        with self._lock:
            self._closed = True
            os.close(self._bell)

    def batches(self, for_s: float | None = None, reader: int | None = None) -> Iterator[Batch]:
        """Events as they come, those of 0.1 s at a time and in the order of their times.

        Ends after ``for_s`` seconds, once the lab is down, or when nobody reads from the other end
        of ``reader``, a file descriptor that is written to.
        """
        end_s = None if for_s is None else time.monotonic() + for_s
        while (rings := self._wait(end_s, reader)) is not None:
            if rings:
                gather_s = time.monotonic() + GATHER_S
                while self._wait(gather_s, reader):
                    pass
            if batch := self._taken():
                yield batch
            if not rings or any((event.kind, event.action) == _END for event in batch):
                return

    def _wait(self, until_s: float | None, reader: int | None) -> bool | None:
        """Whether somebody told something before ``until_s``; None: nobody reads any more."""
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        if reader is not None:
            poll.register(reader, 0)  # only whether the other end hung up
        ready, is_over = set[int](), False
        while not ready and not is_over:
            left_s = math.inf if until_s is None else max(0.0, until_s - time.monotonic())
            is_over = left_s <= _SIGNALS_EVERY_S
            ready = {fd for fd, _ in poll.poll(min(left_s, _SIGNALS_EVERY_S) * 1000)}
        if reader in ready:
            return None
        if self._bell in ready:
            os.eventfd_read(self._bell)
        return bool(ready)

    def _taken(self) -> Batch:
        taken = [self._events.popleft() for _ in range(len(self._events))]
        return sorted(taken, key=lambda event: event.time_ns)
