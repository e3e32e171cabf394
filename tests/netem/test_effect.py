"""What frames really meet, against what was set.

Chances are judged at four standard deviations: one false alarm in 16,000.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby, pairwise

import pytest

from orchestrator.plan.impairment import (
    CLEAR,
    Bernoulli,
    Distribution,
    GilbertElliott,
    Impairment,
    Queue,
)
from tests.netem.link import Arrival, Link, exchange

FULL = 1514


def timed(test: Callable[..., None]) -> Callable[..., None]:
    """A test of times, which may try five times: a machine held up measures itself."""

    @functools.wraps(test)
    def tried(**arguments: object) -> None:
        for _ in range(4):
            with suppress(AssertionError):
                return test(**arguments)
        return test(**arguments)

    return tried


def delays(arrivals: list[Arrival]) -> list[float]:
    return [arrival.delay_ms for arrival in arrivals]


def numbers(arrivals: list[Arrival]) -> list[int]:
    return [arrival.number for arrival in arrivals]


def assert_share(hits: int, of: int, expected: float) -> None:
    deviation = math.sqrt(of * expected * (1 - expected))
    assert abs(hits - of * expected) <= 4 * deviation, f"{hits} of {of}, expected {expected:.2%}"


@pytest.mark.parametrize("delay_ms", [1, 5, 20, 100])
@timed
def test_delay(link: Link, delay_ms: float) -> None:
    link.impair(Impairment(delay_ms=delay_ms))
    seen = delays(exchange(link, 300, interval_s=0.002))
    assert len(seen) == 300
    # A busy machine is late with most of them, but hardly with all; and none may be early.
    assert 0 <= min(seen) - delay_ms < 0.15 + 0.002 * delay_ms


# The distributions' quantiles at 10, 25, 50 and 75 %, in units of the jitter, by their formulas
# and not by our tables; and the earliest that a frame may be.
QUANTILES: dict[Distribution, tuple[float, ...]] = {
    "uniform": (-0.8, -0.5, 0, 0.5),
    "normal": (-1.2816, -0.6745, 0, 0.6745),
    "pareto": (-0.6190, -0.5325, -0.3201, 0.1165),
    "paretonormal": (-0.7847, -0.5680, -0.2401, 0.2560),
}
EARLIEST: dict[Distribution, float] = {
    "uniform": -1,
    "normal": -3.67,
    "pareto": -2 / 3,
    "paretonormal": -1.42,
}


@pytest.mark.parametrize("distribution", QUANTILES)
@timed
def test_jitter(link: Link, distribution: Distribution) -> None:
    link.impair(Impairment(delay_ms=20, jitter_ms=4, distribution=distribution))
    seen = sorted(delays(exchange(link, 4000)))
    found = [seen[int(share * 4000)] for share in (0.1, 0.25, 0.5, 0.75)]
    assert found == pytest.approx([20 + 4 * q for q in QUANTILES[distribution]], abs=0.4)
    assert seen[0] >= 20 + 4 * EARLIEST[distribution]


def test_jitter_with_a_rate_keeps_frames_in_order(link: Link) -> None:
    link.impair(Impairment(delay_ms=10, jitter_ms=5, rate_bps=100_000_000))
    seen = numbers(exchange(link, 500))
    assert seen == list(range(500))


@pytest.mark.parametrize("probability", [0.01, 0.05])
def test_loss(link: Link, probability: float) -> None:
    link.impair(Impairment(loss=Bernoulli(probability)))
    lost = 20_000 - len(exchange(link, 20_000))
    assert_share(lost, 20_000, probability)
    assert link.counters()["drops"] == lost


def test_losses_come_in_bursts(link: Link) -> None:
    link.impair(Impairment(loss=GilbertElliott(p=0.02, r=0.25)))
    here = set(numbers(exchange(link, 20_000)))
    runs = [(gone, len(list(run))) for gone, run in groupby(range(20_000), lambda n: n not in here)]
    bursts = [length for gone, length in runs if gone]
    # Lengths are geometric: mean 1/r, deviation √(1-r)/r.
    allowed = 4 * math.sqrt(0.75) / 0.25 / math.sqrt(len(bursts))
    assert statistics.mean(bursts) == pytest.approx(4, abs=allowed)
    assert_share(len(bursts), 20_000 - sum(bursts), 0.02)


def test_good_and_bad_states_have_losses_of_their_own(link: Link) -> None:
    link.impair(Impairment(loss=GilbertElliott(p=1, r=1, good_loss=0.1, bad_loss=0.5)))
    lost = set(range(6000)) - set(numbers(exchange(link, 6000)))
    # With p = r = 1 the states alternate, from the good one.
    assert_share(sum(number % 2 == 0 for number in lost), 3000, 0.1)
    assert_share(sum(number % 2 == 1 for number in lost), 3000, 0.5)


def test_duplicates(link: Link) -> None:
    link.impair(Impairment(duplicate=0.1))
    seen = numbers(exchange(link, 5000))
    assert set(seen) == set(range(5000))
    assert_share(len(seen) - 5000, 5000, 0.1)


def test_reordered_frames_overtake_those_that_wait(link: Link) -> None:
    link.impair(Impairment(delay_ms=20, reorder=0.25))
    seen = delays(exchange(link, 4000))
    early = sum(delay < 20 for delay in seen)
    assert len(seen) == 4000
    assert_share(early, 4000, 0.25)


def test_corrupted_frames_differ_by_a_bit(link: Link) -> None:
    link.impair(Impairment(corrupt=0.1))
    seen = exchange(link, 4000, frame=FULL)
    flipped = sum(not arrival.intact for arrival in seen)
    # A flip in a header may lose the frame; 3.6 % of a frame is headers and numbers.
    assert_share(flipped + 4000 - len(seen), 4000, 0.1)
    assert flipped > 0.8 * 400


@timed
def test_rate(link: Link) -> None:
    # All frames are there before the first leaves: the rate is the link's, not the sender's.
    link.impair(Impairment(delay_ms=200, rate_bps=10_000_000))
    seen = exchange(link, 250, frame=FULL)
    assert len(seen) == 250
    took_ms = seen[-1].received_ms - seen[0].received_ms
    assert 249 * FULL * 8 / took_ms / 1000 == pytest.approx(10, rel=0.01)


def test_a_high_rate_is_not_exceeded(link: Link) -> None:
    """No more can be asked of a kernel that is a program: it had 56 of 100 Mbit/s once."""
    link.impair(Impairment(delay_ms=200, rate_bps=100_000_000))
    seen = exchange(link, 900, frame=FULL)
    assert len(seen) == 900
    sent_ms = seen[0].received_ms - seen[0].delay_ms
    assert seen[-1].received_ms - sent_ms > 200 + 0.99 * 899 * FULL * 8 / 100_000


@timed
def test_a_lone_frame_takes_its_time_on_the_wire(link: Link) -> None:
    link.impair(Impairment(delay_ms=5, rate_bps=10_000_000))
    [only] = delays(exchange(link, 1, frame=FULL))
    assert only == pytest.approx(5 + FULL * 8 / 10_000, abs=0.5)


@timed
def test_under_load_the_queue_is_as_long_as_set(link: Link) -> None:
    link.impair(Impairment(delay_ms=20, rate_bps=10_000_000, queue=Queue(30)))
    frame_ms = FULL * 8 / 10_000
    seen = exchange(link, 1000, interval_s=frame_ms / 2000, frame=FULL)
    late = statistics.median(delays(seen[-200:]))
    assert late == pytest.approx(20 + 31 * frame_ms, abs=2 * frame_ms)


def test_a_burst_fills_queue_and_flight(link: Link) -> None:
    link.impair(Impairment(delay_ms=50, rate_bps=10_000_000, queue=Queue(20)))
    seen = numbers(exchange(link, 200, frame=FULL))
    in_flight = 50 * 10_000 // (FULL * 8)
    assert seen[:20] == list(range(20))
    assert 20 + in_flight <= len(seen) <= 20 + in_flight + 20


@timed
def test_clear_gives_a_plain_link_back(link: Link) -> None:
    link.impair(Impairment(delay_ms=50, loss=Bernoulli(0.5)))
    link.impair(CLEAR)
    seen = exchange(link, 200)
    assert len(seen) == 200
    assert min(delays(seen)) < 1


@timed
def test_only_one_direction_is_impaired(link: Link) -> None:
    link.impair(Impairment(delay_ms=50))
    seen = delays(exchange(link.turned(), 50))
    assert min(seen) < 1


def test_arrivals_are_in_order_on_a_delayed_link(link: Link) -> None:
    link.impair(Impairment(delay_ms=10))
    seen = numbers(exchange(link, 500))
    assert all(before < after for before, after in pairwise(seen))
