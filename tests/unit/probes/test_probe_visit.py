"""What a probe makes of a visit."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.probes.visit import judge
from orchestrator.records.visit import Paint, Resource, Timings, Visit

GOOD = Visit(
    run="run",
    url="https://www.example.com/",
    client="chromium",
    node="laptop",
    status=200,
    protocol="h2",
    remote_address="198.18.0.1",
    timings_ms=Timings(load=70.0),
    paint=Paint(),
    resources=(),
    error=None,
    error_detail="",
    started="2026-01-01T00:00:00.000000+00:00",
    cold=False,
)


def test_a_page_that_lacks_files_failed() -> None:
    image = Resource("https://www.example.com/a.png", 503, "h2", 90, 1.0, 2.0)
    assert judge(GOOD) == (None, "200 h2")
    told = judge(replace(GOOD, resources=(image,)))
    assert told == ("http", "1 of 1 file missing: 1 × 503")


def test_what_failed_before_the_page_came_is_told_first() -> None:
    refused = replace(GOOD, error="connect", error_detail="net::ERR_CONNECTION_REFUSED")
    assert judge(refused) == ("refused", "net::ERR_CONNECTION_REFUSED")
