"""When a probe was cut off, and for how long."""

from __future__ import annotations

import pytest

from orchestrator.analysis.failover.outages import find_outages
from tests.unit.analysis.builders import at
from tests.unit.analysis.failover.trying import row


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("........", []),
        # From the sending of the first that failed to that of the first good one.
        ("..xxxx.....", [(200, 600, 4, True)]),
        # Good ones between bad ones do not end it; three of them do.
        ("..xx..x.xx...", [(200, 1000, 5, True)]),
        ("..x...x...", [(200, 300, 1, True), (600, 700, 1, True)]),
        # Two good ones up to the end are all that could be.
        ("..xxx..", [(200, 500, 3, True)]),
        ("..xxx", [(200, 1000, 3, False)]),
        ("xxxx....", [(0, 400, 4, True)]),
        # A question that was not asked is neither good nor bad.
        ("..x---...", [(200, 600, 1, True)]),
        (".-.-.-.", []),
        ("-----", []),
        ("", []),
    ],
)
def test_outages(marks: str, expected: list[tuple[int, int, int, bool]]) -> None:
    outages = find_outages(row(marks), at(1000))
    found = [(o.start_ns, o.end_ns, o.failed, o.sustained) for o in outages]
    assert found == [(at(start), at(end), n, ok) for start, end, n, ok in expected]


def test_an_outage_that_is_not_over_goes_on_to_the_end_of_the_trial() -> None:
    (outage,) = find_outages(row("..xx"), at(8000))
    assert (outage.ms, outage.sustained) == (7800.0, False)


def test_samples_come_in_any_order() -> None:
    outages = find_outages(row("..xx....")[::-1], at(8000))
    assert [(o.start_ns, o.end_ns) for o in outages] == [(at(200), at(400))]


def test_lost_packets_now_and_then_are_no_long_outage() -> None:
    """Every 33rd packet is lost: 3 %."""
    outages = find_outages(row(("." * 32 + "x") * 9 + "..."), at(40_000))
    assert [round(outage.ms) for outage in outages] == [100] * 9
