"""The open loop: what is asked when, and what becomes a sample."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable

import pytest

from orchestrator.probes.job import from_row, to_row
from orchestrator.probes.pacing import Clock, Pacer
from orchestrator.probes.question import Failed, Question
from orchestrator.probes.run import read_resolvers
from orchestrator.probes.visit import judge
from orchestrator.records.study import ProbeRun, Sample
from orchestrator.records.visit import ErrorKind, Paint, Timings, Visit


class Standin:
    """An asker that does what a test says; ``enough`` is set with the last question of some."""

    def __init__(self, answer: Callable[[Question], object], questions: int) -> None:
        self.answer, self.to_come, self.enough = answer, questions, asyncio.Event()

    async def prepare(self) -> None:
        pass

    async def ask(self, question: Question) -> None:
        self.to_come -= 1
        if self.to_come == 0:
            self.enough.set()
        done = self.answer(question)
        if isinstance(done, asyncio.Future):
            await done

    def close(self) -> None:
        pass


def paced(
    answer: Callable[[Question], object], questions: int, timeout_ms: float = 40.0
) -> list[Sample]:
    """The samples of a probe that asks every 5 ms until it has asked ``questions`` times."""

    async def scene() -> list[Sample]:
        samples: list[Sample] = []
        asker, clock = Standin(answer, questions), Clock.now()
        run = ProbeRun("probe", "http", "laptop", "server", 5.0, timeout_ms)
        pacer = Pacer(run, asker, clock, samples.append)
        pacer.start(clock.loop_s)
        async with asyncio.timeout(10):
            await asker.enough.wait()
        await pacer.stop()
        return samples

    return asyncio.run(scene())


def test_a_late_answer_does_not_delay_the_next_question() -> None:
    def never(question: Question) -> object:
        return asyncio.get_running_loop().create_future()

    samples = paced(never, 4)
    assert [sample.sequence for sample in samples][:4] == [0, 1, 2, 3]
    assert {(sample.failure, sample.took_ms) for sample in samples} == {("lost", None)}
    dues = [sample.due_ns for sample in samples]
    assert {later - due for due, later in itertools.pairwise(dues)} <= {
        4_999_999,
        5_000_000,
        5_000_001,
    }


def test_what_was_due_while_the_process_was_kept_is_asked_late_and_says_so() -> None:
    def stall(question: Question) -> None:
        until_s = time.monotonic() + (0.03 if question.sequence == 0 else 0)
        while time.monotonic() < until_s:
            pass  # busy, and so is the loop

    samples = sorted(paced(stall, 5), key=lambda sample: sample.sequence)
    assert [sample.sequence for sample in samples][:5] == [0, 1, 2, 3, 4]
    assert (samples[1].sent_ns - samples[1].due_ns) / 1e6 > 20


def test_an_answer_has_the_time_it_took_or_the_one_its_asker_knows() -> None:
    def answer(question: Question) -> None:
        question.detail = "here"
        question.took_ms = 123.0 if question.sequence else None

    first, second = paced(answer, 2, timeout_ms=5000)[:2]
    assert first.good
    assert first.detail == "here"
    assert first.took_ms is not None
    assert first.took_ms >= 0
    assert first.took_ms != 123.0
    assert second.took_ms == 123.0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Failed("wrong", "192.0.2.1"), "wrong"),
        (ConnectionRefusedError(), "refused"),
        (ConnectionResetError(), "reset"),
        (asyncio.IncompleteReadError(b"", None), "reset"),
        (OSError(101, "Network is unreachable"), "unreachable"),
        (OSError(113, "No route to host"), "unreachable"),
        (OSError(110, "Connection timed out"), "lost"),
        (RuntimeError("nobody thought of it"), "lost"),
    ],
)
def test_how_questions_fail(error: Exception, kind: str) -> None:
    def fail(question: Question) -> None:
        question.took_ms = 1.0
        raise error

    sample = paced(fail, 1)[0]
    assert (sample.failure, sample.took_ms) == (kind, None)
    assert from_row(to_row(sample)) == sample


@pytest.mark.parametrize(
    ("error", "detail", "kind"),
    [
        (None, "", None),
        ("timeout", "", "lost"),
        ("dns", "net::ERR_NAME_NOT_RESOLVED", "dns"),
        ("http", "HTTP status 503", "http"),
        ("connect", "net::ERR_CONNECTION_REFUSED", "refused"),
        ("connect", "net::ERR_CONNECTION_RESET", "reset"),
        ("connect", "net::ERR_ADDRESS_UNREACHABLE", "unreachable"),
        ("connect", "net::ERR_CONNECTION_TIMED_OUT", "lost"),
        ("connect", "Could not connect: No route to host", "unreachable"),
        ("http", "net::ERR_CONNECTION_RESET", "reset"),
        ("http", "Recv failure: Connection reset by peer", "reset"),
        ("url", "net::ERR_UNSAFE_PORT", "unreachable"),
    ],
)
def test_how_visits_fail(error: ErrorKind | None, detail: str, kind: str | None) -> None:
    visit = Visit(
        *("run", "https://www.example.com/", "chromium", "laptop", 200, "h2", None),
        Timings(load=1.0),
        Paint(),
        (),
        error,
        detail,
        "2026-01-01T00:00:00+00:00",
        False,
    )
    assert judge(visit) == (kind, detail if error else "200 h2")


def test_a_hosts_own_resolvers() -> None:
    text = "search home.arpa\nnameserver 192.168.1.1\n# nameserver 192.0.2.1\nnameserver fd00::1\n"
    assert read_resolvers(text) == ("192.168.1.1", "fd00::1")
