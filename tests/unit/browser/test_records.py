from __future__ import annotations

import json
from dataclasses import replace

import pytest

from orchestrator.records.visit import (
    Paint,
    Resource,
    Timings,
    Transfer,
    Visit,
    Vitals,
    from_json,
    to_json,
)

VISIT = Visit(
    run="run-1",
    url="https://www.example.com/",
    client="chromium",
    node="laptop",
    status=200,
    protocol="h2",
    remote_address="198.18.0.1",
    timings_ms=Timings(dns=1.5, connect=2, tls=3, ttfb=4, download=5, load=70.25),
    paint=Paint(first_paint=30.0),
    resources=(Resource("https://www.example.com/a.css", 200, "h2", 900, 20.0, 3.5),),
    error=None,
    error_detail="",
    started="2026-01-01T00:00:00.000000+00:00",
    cold=True,
    vitals=Vitals(ttfb=12.5, largest_element="img.hero", cumulative_layout_shift=0.02),
    transfers=(Transfer("document", 1, 900), Transfer("image", 2, 5000)),
)


def test_a_visit_survives_the_disk() -> None:
    assert from_json(json.loads(json.dumps(to_json(VISIT)))) == VISIT


def test_the_object_has_the_promised_keys() -> None:
    value = to_json(VISIT)
    assert {"run", "url", "status", "protocol", "remote_address", "error"} <= value.keys()
    assert value["timings_ms"].keys() == {
        "dns", "connect", "tls", "ttfb", "download", "dom_content_loaded", "load"
    }  # fmt: skip
    assert value["resources"][0].keys() == {
        "url", "status", "protocol", "bytes", "start_ms", "duration_ms", "kind", "failure"
    }  # fmt: skip


def test_a_record_from_before_there_were_vitals_is_still_one() -> None:
    value = to_json(VISIT)
    del value["vitals"], value["transfers"], value["resources"][0]["kind"]
    old = from_json(value)
    assert (old.vitals, old.transfers, old.resources[0].kind) == (Vitals(), (), None)
    assert old.timings_ms == VISIT.timings_ms


def test_something_else_is_no_visit() -> None:
    with pytest.raises((KeyError, TypeError)):
        from_json({"run": "x"})


def file(status: int | None, failure: str = "") -> Resource:
    return Resource("https://www.example.com/a.png", status, None, 0, 1.0, 2.0, failure=failure)


def test_ten_files_with_503_are_no_whole_page() -> None:
    page = replace(VISIT, resources=(*VISIT.resources, *[file(503)] * 9, file(None)))
    assert not page.is_whole
    assert page.shortfall == "10 of 11 files missing: 9 × 503, 1 × no answer in time"
    assert (VISIT.is_whole, VISIT.shortfall) == (True, "")
    assert not replace(VISIT, error="http").is_whole


def test_a_file_is_missing_that_was_refused_or_cut_short_but_not_one_that_was_called_off() -> None:
    refused, cut = file(None, "net::ERR_CONNECTION_REFUSED"), file(200, "net::ERR_CONNECTION_RESET")
    page = replace(VISIT, resources=(refused, cut, file(None, "net::ERR_ABORTED"), file(304)))
    assert page.missing == (refused, cut)
    assert "1 × ERR_CONNECTION_REFUSED, 1 × ERR_CONNECTION_RESET" in page.shortfall


def test_a_stylesheet_with_503_is_missing_though_chromium_calls_it_aborted() -> None:
    page = replace(VISIT, resources=(file(503, "net::ERR_ABORTED"),))
    assert page.shortfall == "1 of 1 file missing: 1 × 503"


def test_an_icon_that_a_browser_asks_for_by_itself_is_no_part_of_the_page() -> None:
    icon = replace(file(404), url="https://www.example.com/favicon.ico")
    assert replace(VISIT, resources=(icon,)).is_whole
