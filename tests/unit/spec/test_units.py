"""Quantities as people write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.errors import Mistake
from orchestrator.spec.units import (
    MOST_PACKETS,
    RATES_BPS,
    SIZES_BYTES,
    TIMES_MS,
    read_queue,
    read_rate_bps,
    read_share,
    read_time_ms,
)

Reader = Callable[[object], object]


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("12ms", 12),
        ("12 ms", 12),
        ("  12\tms ", 12),
        ("+12 ms", 12),
        ("0 s", 0),
        ("-0 s", 0),
        ("0.25ms", 0.25),
        (".5 ms", 0.5),
        ("012 ms", 12),
        ("60 s", 60_000),
        ("1 s", 1000),
        ("7 us", 0.007),
        ("7 µs", 0.007),  # the micro sign
        ("7 μs", 0.007),  # the Greek letter
        ("250 ns", 0.000_25),
        ("12.345678 ms", 12.345678),
    ],
)
def test_times(written: str, milliseconds: float) -> None:
    assert read_time_ms(written) == milliseconds


@pytest.mark.parametrize(
    ("written", "bits_per_s"),
    [
        ("100 bit/s", 100),
        ("384 kbit/s", 384_000),
        ("1.5 Mbit/s", 1_500_000),
        ("100 Gbit/s", 100_000_000_000),
        ("1200bps", 1200),
        ("64 kbps", 64_000),
        ("10Mbps", 10_000_000),
        ("1Gbps", 1_000_000_000),
    ],
)
def test_rates(written: str, bits_per_s: int) -> None:
    assert read_rate_bps(written) == bits_per_s
    assert isinstance(read_rate_bps(written), int)


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("0 %", 0),
        ("1%", 0.01),
        ("7 %", 0.07),
        ("1.5 %", 0.015),
        ("100 %", 1),
        ("0.0000001 %", 1e-9),
    ],
)
def test_shares(written: str, share: float) -> None:
    assert read_share(written) == share


@pytest.mark.parametrize(
    ("written", "queue"),
    [
        ("100 packets", (100, "packets")),
        ("1 packet", (1, "packets")),
        ("1000000packets", (1_000_000, "packets")),
        ("1514 B", (1514, "bytes")),
        ("64 kB", (64_000, "bytes")),
        ("0.1 kB", (100, "bytes")),
        ("64 KiB", (65_536, "bytes")),
        ("2 MB", (2_000_000, "bytes")),
        ("1024 MiB", (2**30, "bytes")),
    ],
)
def test_queues(written: str, queue: tuple[int, str]) -> None:
    assert read_queue(written) == queue


@pytest.mark.parametrize("unit", TIMES_MS)
def test_every_unit_of_time(unit: str) -> None:
    assert read_time_ms(f"3 {unit}") == read_time_ms(f"3{unit}") == round(3 * TIMES_MS[unit], 9)


@pytest.mark.parametrize("unit", RATES_BPS)
def test_every_unit_of_a_rate(unit: str) -> None:
    assert read_rate_bps(f"3 {unit}") == read_rate_bps(f"3{unit}") == 3 * RATES_BPS[unit]


@pytest.mark.parametrize("unit", SIZES_BYTES)
def test_every_unit_of_a_size(unit: str) -> None:
    assert read_queue(f"3 {unit}") == read_queue(f"3{unit}") == (3 * SIZES_BYTES[unit], "bytes")


LIKE = {
    read_time_ms: ("time", "write it like '12 ms'"),
    read_rate_bps: ("rate", "write it like '100 Mbit/s'"),
    read_share: ("share", "write it like '1.5 %'"),
    read_queue: ("queue", "write it like '100 packets'"),
}


@pytest.mark.parametrize("read", LIKE)
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("fast", "'fast'"),
        ("", "''"),
        ("ms", "'ms'"),
        ("1,5 ms", "'1,5 ms'"),
        ("1e3 ms", "'1e3 ms'"),
        ("1 000 ms", "'1 000 ms'"),
        ("12 ms 3", "'12 ms 3'"),
        ("٣ ms", "'٣ ms'"),
        ("5. ms", "'5. ms'"),
        ("x" * 50, f"'{'x' * 40}…'"),
        (True, "'true'"),
        (None, "nothing"),
        (float("nan"), "'nan'"),
        (float("inf"), "'inf'"),
        ([12], "a list"),
        ({"ms": 12}, "a mapping"),
    ],
)
def test_what_is_no_quantity(read: Reader, written: object, shown: str) -> None:
    what, hint = LIKE[read]  # type: ignore[index]
    assert complaint(read, written) == (f"{shown} is not a {what}", hint)


@pytest.mark.parametrize("read", LIKE)
@pytest.mark.parametrize("written", [12, 1.5, 0, -3, "12", " 12 ", 10**30])
def test_a_bare_number_has_no_unit(read: Reader, written: object) -> None:
    """YAML makes numbers of some; they are refused like those that are text."""
    assert complaint(read, written) == (f"'{written}' has no unit", LIKE[read][1])  # type: ignore[index]


@pytest.mark.parametrize(
    ("read", "written", "message", "hint"),
    [
        (read_time_ms, "12 m", "unknown unit 'm' of a time", "did you mean 'ms'?"),
        (read_time_ms, "12 MS", "unknown unit 'MS' of a time", "did you mean 'ms'?"),
        (read_time_ms, "12 msec", "unknown unit 'msec' of a time", "did you mean 'ms'?"),
        (read_time_ms, "2 min", "unknown unit 'min' of a time", "units: ns, us, µs, ms, s"),
        (read_time_ms, "5 %", "unknown unit '%' of a time", "units: ns, us, µs, ms, s"),
        (read_rate_bps, "10 Mbit", "unknown unit 'Mbit' of a rate", "did you mean 'Mbit/s'?"),
        (read_rate_bps, "10 mbps", "unknown unit 'mbps' of a rate", "did you mean 'Mbps'?"),
        (
            read_rate_bps,
            "3 fast",
            "unknown unit 'fast' of a rate",
            "units: bit/s, kbit/s, Mbit/s, Gbit/s, bps, kbps, Mbps, Gbps",
        ),
        (read_share, "1 pct", "unknown unit 'pct' of a share", "units: %"),
        (read_queue, "9 paket", "unknown unit 'paket' of a queue", "did you mean 'packet'?"),
        (read_queue, "64 kb", "unknown unit 'kb' of a queue", "did you mean 'kB'?"),
        (read_time_ms, "-1 ms", "a time cannot be negative: '-1 ms'", ""),
        (read_rate_bps, "-1 Mbit/s", "a rate cannot be negative: '-1 Mbit/s'", ""),
        (read_share, "-0.1 %", "a share cannot be negative: '-0.1 %'", ""),
        (read_queue, "-1 packets", "a queue cannot be negative: '-1 packets'", ""),
        (read_time_ms, "61 s", "'61 s' is too long a time for a link", "at most 60 s"),
        (read_share, "101 %", "'101 %' is more than all", "at most 100 %"),
        (
            *(read_rate_bps, "0 bit/s", "'0 bit/s' is no rate of a link"),
            "more than 0, at most 100 Gbit/s",
        ),
        (
            *(read_rate_bps, "101 Gbit/s", "'101 Gbit/s' is no rate of a link"),
            "more than 0, at most 100 Gbit/s",
        ),
        (read_queue, "0 packets", "'0 packets' holds nothing", "at least 1 packet"),
        (read_queue, "0.2 B", "'0.2 B' holds nothing", "at least 1 packet"),
        (
            *(read_queue, f"{MOST_PACKETS + 1} packets", "'1000001 packets' is too long a queue"),
            "at most 1000000 packets or 1024 MiB",
        ),
        (
            *(read_queue, "1025 MiB", "'1025 MiB' is too long a queue"),
            "at most 1000000 packets or 1024 MiB",
        ),
        (
            *(read_queue, "1.5 packets", "'1.5 packets' has a fraction of one"),
            "whole packets only",
        ),
        (read_queue, "1.5 B", "'1.5 B' has a fraction of one", "whole bytes only"),
    ],
)
def test_what_no_link_could_have(read: Reader, written: str, message: str, hint: str) -> None:
    assert complaint(read, written) == (message, hint)


def test_a_number_beyond_all_bounds_is_only_too_long() -> None:
    message, hint = complaint(read_time_ms, "9" * 400 + " s")
    assert message.endswith("…' is too long a time for a link")
    assert hint == "at most 60 s"


def complaint(read: Reader, written: object) -> tuple[str, str]:
    """What is said of a value, and the hint."""
    with pytest.raises(Mistake) as caught:
        read(written)
    return str(caught.value), caught.value.hint
