"""Impairments as the bytes that net/sched/sch_netem.c reads and writes."""

from __future__ import annotations

import random
import statistics
import struct

import pytest

from orchestrator.errors import FaultError
from orchestrator.plan.impairment import (
    CLEAR,
    Bernoulli,
    Distribution,
    GilbertElliott,
    Impairment,
    Nth,
    Queue,
)
from orchestrator.runtime.links.netem import apply_netem
from orchestrator.runtime.links.netem_options import (
    UNLIMITED,
    can_express,
    decode_options,
    distribution_table,
    encode_options,
    quantised,
)

# linux/pkt_sched.h, little-endian: struct tc_netem_qopt, then attributes, each with a struct
# nlattr (length with its head, kind) before its payload.
OVERTAKING = Impairment(
    delay_ms=1.5,
    jitter_ms=0.25,
    correlation=0.25,
    loss=Bernoulli(0.16, correlation=0.5),
    reorder=0.5,
    duplicate=0.25,
    corrupt=1.0,
)
SENT = [
    "00000000 888a0100 8fc2f528",  # latency (in ticks: unused), limit of 101,000, loss
    "01000000 00000040 00000000",  # gap, duplicate, jitter (in ticks: unused)
    "1000 0100  00000040 00000080 00000000",  # CORR: of delay, loss, duplicates
    "0c00 0300  00000080 00000000",  # REORDER and its correlation
    "0c00 0400  ffffffff 00000000",  # CORRUPT and its correlation
    "1400 0600  00000000 00000000 00000000 00000000",  # RATE, overhead, cell size, its overhead
    "0c00 0800  00000000 00000000",  # RATE64
    "0c00 0a00  60e31600 00000000",  # LATENCY64: 1,500,000 ns
    "0c00 0b00  90d00300 00000000",  # JITTER64: 250,000 ns
]

BURSTS = Impairment(
    delay_ms=12,
    loss=GilbertElliott(p=0.25, r=0.5, good_loss=0.16, bad_loss=0.75),
    rate_bps=12_112_000,
    queue=Queue(50),
)
# As netem_dump() writes it: its own order, what was not set, and padding before 64 bits.
REPORTED = [
    "1bb70200 3f000000 00000000",  # latency in ticks, limit: 50, 12 in flight, 1 being sent
    "00000000 00000000 00000000",
    "0c00 0a00  001bb700 00000000",  # LATENCY64: 12,000,000 ns
    "0c00 0b00  00000000 00000000",  # JITTER64
    "1000 0100  00000000 00000000 00000000",  # CORR
    "0c00 0300  00000000 00000000",  # REORDER
    "0c00 0400  00000000 00000000",  # CORRUPT
    "1400 0600  101a1700 00000000 00000000 00000000",  # RATE: 1,514,000 bytes a second
    "1800 0500  1400 0200  00000040 00000080 00000040 8fc2f528",  # LOSS, GE: p, r, h, k1
    "0400 0900  0c00 0e00  01234567 89abcdef",  # PAD, PRNG_SEED
]


def from_hex(lines: list[str]) -> bytes:
    return bytes.fromhex("".join(lines))


def words_of(distribution: Distribution) -> tuple[int, ...]:
    return struct.unpack("=4096h", distribution_table(distribution))


def test_options_are_laid_out_as_the_kernel_reads_them() -> None:
    assert encode_options(OVERTAKING) == from_hex(SENT)


def test_what_the_kernel_reports_is_understood() -> None:
    assert decode_options(from_hex(REPORTED), "uniform") == BURSTS


def test_bursts_are_a_nested_attribute() -> None:
    assert from_hex(REPORTED[8:9]) in encode_options(BURSTS)


def test_a_rate_beyond_32_bits_fills_the_narrow_one() -> None:
    options = encode_options(Impairment(rate_bps=8 * 2**33))
    assert from_hex(["1400 0600  ffffffff 00000000 00000000 00000000"]) in options
    assert from_hex(["0c00 0800  00000000 02000000"]) in options
    assert decode_options(options, "uniform").rate_bps == 8 * 2**33


def test_a_distribution_goes_along_as_a_table() -> None:
    options = encode_options(Impairment(jitter_ms=1, distribution="normal"))
    head = struct.pack("=HH", 4 + 2 * 4096, 2)
    assert head + distribution_table("normal") in options


def test_clear_stays_clear() -> None:
    assert quantised(CLEAR) == CLEAR


def test_nine_decimals_and_nanoseconds_stay_as_written() -> None:
    dice = random.Random(1)
    for _ in range(500):
        shares = [round(dice.random(), dice.randrange(1, 10)) for _ in range(6)]
        written = Impairment(
            delay_ms=round(dice.uniform(0, 1000), 6),
            jitter_ms=round(dice.uniform(0, 1000), 6),
            correlation=shares[0],
            loss=GilbertElliott(*shares[1:5]),
            corrupt=shares[5],
            rate_bps=8 * dice.randrange(1, 10**12),
            queue=Queue(dice.randrange(10_000)),
        )
        assert quantised(written) == written


def test_finer_values_are_rounded_once() -> None:
    dice = random.Random(2)
    for _ in range(500):
        fine = Impairment(
            delay_ms=dice.uniform(0, 1000),
            loss=Bernoulli(dice.random(), dice.random()),
            duplicate=dice.random(),
            rate_bps=dice.randrange(1, 10**9),
        )
        rounded = quantised(fine)
        assert quantised(rounded) == rounded
        assert rounded.delay_ms == pytest.approx(fine.delay_ms, abs=1e-6)
        assert rounded.duplicate == pytest.approx(fine.duplicate, abs=1e-9)


@pytest.mark.parametrize(
    ("impairment", "limit"),
    [
        (Impairment(delay_ms=5000), UNLIMITED + 1000),
        (Impairment(rate_bps=10_000_000), 1001),
        # 20 ms at 10 Mbit/s hold 16.5 full-size frames.
        (Impairment(delay_ms=20, rate_bps=10_000_000, queue=Queue(50)), 50 + 16 + 1),
        (Impairment(delay_ms=10, jitter_ms=10, rate_bps=10_000_000), 1000 + 16 + 1),
        (
            Impairment(delay_ms=0, jitter_ms=5, distribution="normal", rate_bps=10_000_000),
            1000 + 16 + 1,
        ),
    ],
)
def test_the_limit_has_room_for_what_is_in_flight(impairment: Impairment, limit: int) -> None:
    assert struct.unpack_from("=2I", encode_options(impairment))[1] == limit


@pytest.mark.parametrize(
    ("impairment", "able"),
    [
        (CLEAR, True),
        (OVERTAKING, True),
        (BURSTS, True),
        (Impairment(jitter_ms=2147), True),
        (Impairment(jitter_ms=2148), False),
        (Impairment(loss=Nth(10)), False),
        (Impairment(rate_bps=1_000_000, queue=Queue(30_000, "bytes")), False),
        (Impairment(reorder=0.1, rate_bps=1_000_000), False),
    ],
)
def test_netem_does_it_exactly_or_not_at_all(impairment: Impairment, able: bool) -> None:
    assert can_express(impairment) is able


def test_what_it_cannot_do_never_reaches_the_kernel() -> None:
    with pytest.raises(FaultError, match="every n-th") as caught:
        apply_netem("/nowhere", 2, Impairment(loss=Nth(10)))
    assert "wire" in caught.value.hint


@pytest.mark.parametrize(
    ("distribution", "lowest", "highest", "deviation"),
    [
        ("normal", -3.668, 3.668, 1.0),
        ("pareto", -2 / 3, 4, 0.82),
        ("paretonormal", -1.417, 3.917, 0.835),
    ],
)
def test_tables_are_inverse_distributions(
    distribution: Distribution, lowest: float, highest: float, deviation: float
) -> None:
    values = [word / 8192 for word in words_of(distribution)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(lowest, abs=0.001)
    assert values[-1] == pytest.approx(highest, abs=0.001)
    # The tail of Pareto's distribution is cut at 4, which moves its mean a little.
    assert statistics.mean(values) == pytest.approx(0, abs=0.04)
    assert statistics.pstdev(values) == pytest.approx(deviation, abs=0.01)


def test_quartiles_are_where_they_belong() -> None:
    assert words_of("normal")[3072] == pytest.approx(0.6745 * 8192, abs=4)
    assert words_of("pareto")[3072] == pytest.approx((4 ** (1 / 3) - 1.5) * 4 / 3 * 8192, abs=4)
