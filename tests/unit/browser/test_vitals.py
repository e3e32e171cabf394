from __future__ import annotations

from typing import Any

import pytest
from cdp_pieces import finished, sent

from orchestrator.browser.exchange import collect_exchanges
from orchestrator.browser.vitals import (
    find_fully_loaded,
    find_moments,
    measure_vitals,
    sum_blocking,
    sum_shifts,
    sum_transfers,
)
from orchestrator.records.visit import Timings, Transfer, Vitals

URL = "https://www.example.com/"
NAVIGATION = {
    "responseStart": 60, "responseEnd": 62, "domInteractive": 90,
    "domContentLoadedEventEnd": 0, "loadEventEnd": 200,
}  # fmt: skip
TIMELINE: dict[str, list[dict[str, Any]]] = {
    "navigation": [NAVIGATION],
    "paint": [{"name": "first-contentful-paint", "startTime": 100}],
    "largest-contentful-paint": [
        {"startTime": 100, "element": "h1", "url": ""},
        {"startTime": 150, "element": "img.hero", "url": f"{URL}hero.png"},
    ],
    "layout-shift": [{"startTime": 120, "value": 0.1, "hadRecentInput": False}],
    "longtask": [{"startTime": 110, "duration": 80}],
}


def shift(at_ms: float, value: float, hadRecentInput: bool = False) -> dict[str, Any]:  # noqa: N803
    return {"startTime": at_ms, "value": value, "hadRecentInput": hadRecentInput}


def task(at_ms: float, duration_ms: float) -> dict[str, float]:
    return {"startTime": at_ms, "duration": duration_ms}


def test_vitals_of_a_whole_timeline() -> None:
    assert measure_vitals(TIMELINE, 250.0) == Vitals(
        60, 100, 150, "img.hero", f"{URL}hero.png", 0.1, 30, None, 250
    )


def test_a_text_has_no_url() -> None:
    largest = TIMELINE["largest-contentful-paint"][:1]
    seen = measure_vitals({**TIMELINE, "largest-contentful-paint": largest}, 250.0)
    assert (seen.largest_element, seen.largest_url) == ("h1", None)


def test_what_was_not_watched_is_not_known() -> None:
    seen = measure_vitals({"navigation": [NAVIGATION]}, 250.0)
    assert seen == Vitals(ttfb=60, fully_loaded=250)
    assert measure_vitals({}, None) == Vitals()


def test_a_watched_page_without_entries_did_not_shift_and_was_never_blocked() -> None:
    nothing = {"largest-contentful-paint": [], "layout-shift": [], "longtask": []}
    seen = measure_vitals({**TIMELINE, **nothing}, 250.0)
    assert (seen.cumulative_layout_shift, seen.total_blocking_time) == (0, 0)
    assert seen.largest_contentful_paint is None


def test_without_a_first_paint_nothing_was_blocked_after_it() -> None:
    assert measure_vitals({**TIMELINE, "paint": []}, 250.0).total_blocking_time is None


def test_shifts_close_together_are_one_window() -> None:
    assert sum_shifts([shift(0, 0.1), shift(999, 0.2), shift(1500, 0.3)]) == pytest.approx(0.6)


def test_a_second_without_a_shift_ends_a_window() -> None:
    assert sum_shifts([shift(0, 0.3), shift(1000, 0.2), shift(1900, 0.05)]) == pytest.approx(0.3)


def test_a_window_lasts_five_seconds_at_most() -> None:
    steady = [shift(at, 0.1) for at in range(0, 6300, 900)]
    assert sum_shifts(steady) == pytest.approx(0.6)


def test_a_shift_that_the_visitor_caused_does_not_count() -> None:
    assert sum_shifts([shift(0, 0.1), shift(10, 0.5, True)]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("tasks", "blocked_ms"),
    [
        ([task(110, 50)], 0),
        ([task(110, 80), task(300, 60)], 40),
        ([task(20, 200)], 70),  # 120 ms of it after the paint
        ([task(950, 200)], 0),  # 50 ms of it before the end
        ([task(10, 80)], 0),
    ],
)
def test_blocking_is_what_tasks_take_beyond_50_ms_between_two_moments(
    tasks: list[dict[str, float]], blocked_ms: float
) -> None:
    assert sum_blocking(tasks, 100, 1000) == blocked_ms


def test_moments_are_in_their_order_and_only_those_that_came() -> None:
    moments = find_moments(TIMELINE, 80.5, 250.0)
    assert [(moment["name"], moment["startTime"]) for moment in moments] == [
        ("response-start", 60),
        ("response-end", 62),
        ("parse-start", 80.5),
        ("parse-end", 90),
        ("first-contentful-paint", 100),
        ("largest-contentful-paint", 150),
        ("load", 200),
        ("fully-loaded", 250),
    ]
    assert find_moments({}, None, None) == []


def test_fully_loaded_is_the_last_end() -> None:
    events = [sent("1", URL, 5.0), finished("1", 5.3), sent("2", URL, 5.1)]
    exchanges = collect_exchanges(events)
    assert find_fully_loaded(Timings(load=200), exchanges, 5.0) == pytest.approx(300)
    assert find_fully_loaded(Timings(load=400), exchanges, 5.0) == 400
    assert find_fully_loaded(Timings(), exchanges, 5.0) is None


def test_transfers_are_counted_by_kind() -> None:
    kinds = ("Document", "Image", "Fetch", "Image", "XHR", "Media")
    events = [sent(str(number), URL, 1.0, kind) for number, kind in enumerate(kinds)]
    events += [finished(str(number), 2.0, 10) for number in range(len(kinds))]
    assert sum_transfers(collect_exchanges(events)) == (
        Transfer("document", 1, 10),
        Transfer("image", 2, 20),
        Transfer("xhr", 2, 20),
        Transfer("other", 1, 10),
    )
