"""What is shielded is not interrupted; what came meanwhile is heeded afterwards."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.shield import shielded


class Interrupted(Exception):
    """What the handler raises here: a KeyboardInterrupt that got away would end the tests."""


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    def interrupt(number: int, frame: object) -> None:
        raise Interrupted

    chosen: signal.Signals = request.param
    before = signal.signal(chosen, interrupt)
    yield chosen
    signal.signal(chosen, before)


def arrived(number: signal.Signals) -> bool:
    """Whether one that was sent to this process is no longer on its way (proc(5))."""
    status = Path("/proc/self/status").read_text().splitlines()
    pending = next(line.split()[1] for line in status if line.startswith("ShdPnd"))
    return not int(pending, 16) >> (number - 1) & 1


def interrupted(work: Callable[[], None]) -> None:
    """Work that is shielded, and followed by the interrupt that came in it."""
    with pytest.raises(Interrupted), shielded():
        work()


@pytest.mark.parametrize("others", [0, 1])
def test_nothing_interrupts_the_block_whoever_else_runs(
    number: signal.Signals, others: int
) -> None:
    """The kernel gives a signal that one thread holds back to another one."""
    done = threading.Event()
    for _ in range(others):
        threading.Thread(target=lambda: done.wait(30)).start()
    reached = []

    def clean_up() -> None:
        os.kill(os.getpid(), number)
        wait_for(lambda: arrived(number), within_s=5)
        reached.append("end")

    try:
        interrupted(clean_up)
    finally:
        done.set()
    assert reached == ["end"]


def test_shields_may_be_nested(number: signal.Signals) -> None:
    reached = []

    def clean_up() -> None:
        with shielded():
            os.kill(os.getpid(), number)
            reached.append("inner")
        reached.append("outer")

    interrupted(clean_up)
    assert reached == ["inner", "outer"]


def test_handlers_are_as_before(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with shielded():
        assert signal.getsignal(number) is not before
    assert signal.getsignal(number) is before


def test_other_threads_have_nothing_to_hold_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    seen: list[object] = []

    def work() -> None:
        with shielded():
            seen.append(signal.getsignal(number))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
