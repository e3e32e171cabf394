"""What the kernel reports is what was set; what is set again leaves the rest alone."""

from __future__ import annotations

import random

import pytest

from orchestrator.errors import FaultError
from orchestrator.plan.impairment import (
    CLEAR,
    LOSSLESS,
    Bernoulli,
    Distribution,
    GilbertElliott,
    Impairment,
    Loss,
    Nth,
    Queue,
)
from orchestrator.runtime.links.netem import apply_netem
from orchestrator.runtime.links.netem_options import quantised
from tests.netem.link import Link, exchange

DISTRIBUTIONS: tuple[Distribution, ...] = ("uniform", "normal", "pareto", "paretonormal")

AS_WRITTEN = [
    Impairment(delay_ms=12.345678),
    Impairment(delay_ms=0.000001),
    Impairment(delay_ms=600_000),
    Impairment(delay_ms=5, jitter_ms=2147, correlation=0.25),
    Impairment(distribution="pareto"),
    Impairment(loss=Bernoulli(0.000000001)),
    Impairment(loss=Bernoulli(1.0, correlation=1.0)),
    Impairment(loss=GilbertElliott(0.01, 0.3, good_loss=0.001, bad_loss=0.7)),
    Impairment(delay_ms=1, reorder=0.25, duplicate=0.001, corrupt=0.999999999),
    Impairment(rate_bps=8),
    Impairment(rate_bps=8 * (2**32 - 1)),
    Impairment(rate_bps=8 * 2**32),
    Impairment(rate_bps=400_000_000_000, delay_ms=100, queue=Queue(0)),
    Impairment(queue=Queue(7)),
]


@pytest.mark.parametrize("impairment", AS_WRITTEN, ids=str)
def test_reads_back_as_written(link: Link, impairment: Impairment) -> None:
    link.impair(impairment)
    assert link.impairment() == impairment


def test_reads_back_whatever_is_set_after_whatever_was(link: Link) -> None:
    dice = random.Random(3)
    for _ in range(200):
        impairment = draw_impairment(dice)
        link.impair(impairment)
        assert link.impairment() == quantised(impairment)


def draw_impairment(dice: random.Random) -> Impairment:
    """Any that netem can do; each field is as good as not there now and then."""
    rate = dice.choice([None, dice.randrange(1, 10**12)])
    return Impairment(
        delay_ms=dice.choice([0, dice.uniform(0, 1000)]),
        jitter_ms=dice.choice([0, dice.uniform(0, 100)]),
        distribution=dice.choice(DISTRIBUTIONS),
        correlation=dice.choice([0, dice.random()]),
        loss=draw_loss(dice),
        reorder=dice.choice([0, dice.random()]) if rate is None else 0,
        duplicate=dice.choice([0, dice.random()]),
        corrupt=dice.choice([0, dice.random()]),
        rate_bps=rate,
        queue=Queue(dice.randrange(0, 100_000)),
    )


def draw_loss(dice: random.Random) -> Loss:
    a, b, c, d = (dice.random() for _ in range(4))
    models: list[Loss] = [LOSSLESS, Bernoulli(a, b), GilbertElliott(a, b, c, d)]
    return dice.choice(models)


def test_clear_removes_the_qdisc(link: Link) -> None:
    link.impair(Impairment(delay_ms=10))
    assert link.counters() != {}
    link.impair(CLEAR)
    assert link.impairment() == CLEAR
    assert link.counters() == {}


def test_queued_frames_survive_a_change(link: Link) -> None:
    link.impair(Impairment(delay_ms=200))
    lossy = Impairment(delay_ms=200, loss=Bernoulli(1.0))
    seen = exchange(link, 20, afterwards=lambda: link.impair(lossy))
    assert [arrival.number for arrival in seen] == list(range(20))
    assert all(200 <= arrival.delay_ms < 210 for arrival in seen)


def test_counters_tell_what_waits_and_what_passed(link: Link) -> None:
    link.impair(Impairment(delay_ms=200))
    waiting: list[dict[str, int]] = []
    exchange(link, 20, afterwards=lambda: waiting.append(link.counters()))
    assert waiting[0]["backlog_packets"] == 20
    assert waiting[0]["backlog_bytes"] == 20 * 106
    after = link.counters()
    assert (after["backlog_packets"], after["sent_packets"], after["drops"]) == (0, 20, 0)
    assert after["sent_bytes"] == 20 * 106


@pytest.mark.parametrize(
    ("impairment", "reason"),
    [
        (Impairment(loss=Nth(3)), "n-th"),
        (Impairment(queue=Queue(3000, "bytes")), "bytes"),
        (Impairment(reorder=0.1, rate_bps=1_000_000), "reorder"),
    ],
)
def test_what_netem_cannot_do_changes_nothing(
    link: Link, impairment: Impairment, reason: str
) -> None:
    before = Impairment(delay_ms=7)
    link.impair(before)
    with pytest.raises(FaultError, match=reason):
        link.impair(impairment)
    assert link.impairment() == before


def test_an_interface_that_is_not_there(link: Link) -> None:
    with pytest.raises(FaultError, match="interface 99"):
        apply_netem(link.near.namespace, 99, Impairment(delay_ms=1))


def test_a_namespace_that_is_not_there(link: Link) -> None:
    with pytest.raises(FaultError, match="no namespace"):
        apply_netem(link.near.namespace + "-gone", 2, Impairment(delay_ms=1))
