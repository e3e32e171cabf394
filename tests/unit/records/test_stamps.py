"""When BIRD wrote a line: by its own clock, which Docker's bounds."""

from __future__ import annotations

import pytest

from orchestrator.records.stamps import bird_ns, nanoseconds
from orchestrator.records.testimony import LogLine

SAID = "2026-01-01 00:00:02.001 <TRACE> to_top: State changed to down"
WRITTEN_NS = nanoseconds("2026-01-01T00:00:02.001Z")


@pytest.mark.parametrize(
    ("read_after_ns", "told_after_ns"),
    [
        (300_000, 300_000),  # in the same millisecond: it was there when it was read
        (5_000_000, 999_999),
        (7_000_000_000, 999_999),  # the machine was busy
        (-1_000_000, -1_000_000),  # BIRD's clock is ahead
        (86_400_000_000_000, 86_400_000_000_000),  # a day behind
    ],
)
def test_a_line_is_as_old_as_its_own_time_says(read_after_ns: int, told_after_ns: int) -> None:
    line = LogLine(1, WRITTEN_NS + read_after_ns, SAID)
    assert bird_ns(line) == WRITTEN_NS + told_after_ns


@pytest.mark.parametrize("said", ["ready", "2026-13-41 00:00:02.001 <TRACE> x: y"])
def test_a_line_without_a_time_has_the_one_at_which_it_was_read(said: str) -> None:
    assert bird_ns(LogLine(1, 7, said)) == 7
