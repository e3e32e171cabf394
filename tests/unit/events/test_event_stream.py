"""The stream: order, its ends, and what the verb refuses."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli.events import events_command
from orchestrator.errors import UsageError
from orchestrator.events.stream import Stream
from orchestrator.records.study import NetworkEvent
from orchestrator.runtime.polling import wait_for


def event(time_ns: int, kind: str = "link", action: str = "up") -> NetworkEvent:
    return NetworkEvent(time_ns, "core", kind, action, "eth0")


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.close()


def test_what_comes_together_is_put_in_the_order_of_time(stream: Stream) -> None:
    for time_ns in (3, 1, 2):
        stream.put(event(time_ns))
    (batch,) = stream.batches(for_s=0.01)
    assert [each.time_ns for each in batch] == [1, 2, 3]


def test_it_ends_in_time_without_an_event(stream: Stream) -> None:
    assert list(stream.batches(for_s=0.01)) == []


def test_it_ends_with_the_lab(stream: Stream) -> None:
    stream.put(event(1))
    stream.put(event(2, "lab", "down"))
    assert [len(batch) for batch in stream.batches()] == [2]


def test_it_ends_when_the_reader_went_away(stream: Stream) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert list(stream.batches(reader=writing)) == []
    finally:
        os.close(writing)


def test_a_signal_that_ended_no_wait_is_seen(stream: Stream) -> None:
    """As one is that comes just before the kernel begins to wait: here another thread gets it."""
    lost = threading.Timer(20, stream.put, [event(1, "lab", "down")])
    lost.start()
    meaning = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    waiter = Path(f"/proc/self/task/{threading.get_native_id()}/wchan")
    sender = threading.Thread(target=_send_to_itself, args=[signal.SIGUSR1, waiter])
    try:
        sender.start()
        with pytest.raises(KeyboardInterrupt):
            list(stream.batches())
        assert lost.is_alive(), "only the next event made it seen"
    finally:
        lost.cancel()
        sender.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGUSR1, meaning)


def _send_to_itself(number: signal.Signals, waiter: Path) -> None:
    """To the process, of which this is the only thread that takes it; once the other one waits."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    assert wait_for(lambda: "poll" in waiter.read_text(), 10, every_s=0.01)
    os.kill(os.getpid(), number)


def test_who_tells_after_the_end_does_no_harm() -> None:
    stream = Stream()
    stream.close()
    stream.put(event(1))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--kind", "lnk"], "did you mean 'link'"),
        (["--kind", "link,weather"], "there is no kind of event 'weather'"),
        (["--for", "10"], "10 s"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(arguments: list[str], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        events_command.main(arguments, standalone_mode=False)
    assert says in str(refused.value)
