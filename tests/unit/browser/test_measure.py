from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cdp_pieces import event, failed, finished, received, sent, timing

from orchestrator.browser.click import Click
from orchestrator.browser.exchange import collect_exchanges
from orchestrator.browser.film import Picture
from orchestrator.browser.measure import (
    navigation_timings,
    page_timeline,
    paint_times,
    to_visit,
    with_speed,
)
from orchestrator.browser.observe import Told
from orchestrator.browser.visit import PageLoad, in_flight, is_loaded, main_request
from orchestrator.records.visit import Timings, Transfer, Visit, Vitals

URL = "https://www.example.com/"
NAVIGATION = {
    "domainLookupStart": 10, "domainLookupEnd": 14, "connectStart": 14,
    "secureConnectionStart": 24, "connectEnd": 44, "requestStart": 45, "responseStart": 65,
    "responseEnd": 70, "domInteractive": 90, "domContentLoadedEventEnd": 100, "loadEventEnd": 120,
}  # fmt: skip
GOOD = [sent("D", URL, 5.001, "Document"), received("D", 5.1), finished("D", 5.2)]


def visit(click: Click, events: list[dict[str, Any]], **load: Any) -> Visit:
    page = PageLoad(URL, 5.0, 1.7e9, main_request(events), tuple(events),
                    **{"failure": "", "timed_out": False, **load})  # fmt: skip
    return to_visit(click, page, collect_exchanges(events))


def test_timings_are_spans_of_navigation_timing() -> None:
    assert navigation_timings(NAVIGATION) == Timings(4, 10, 20, 20, 5, 100, 120)


def test_without_tls_the_whole_connect_is_tcp() -> None:
    timings = navigation_timings({**NAVIGATION, "secureConnectionStart": 0})
    assert (timings.connect, timings.tls) == (30, None)


def test_what_did_not_happen_is_none() -> None:
    cut = {**NAVIGATION, "responseEnd": 0, "domContentLoadedEventEnd": 0, "loadEventEnd": 0}
    timings = navigation_timings(cut)
    assert (timings.download, timings.dom_content_loaded, timings.load) == (None, None, None)


def test_a_good_visit(click: Click) -> None:
    image = [sent("I", f"{URL}a.png", 5.1), received("I", 5.2), finished("I", 5.3, 700)]
    told = Told("", 50.0, {"navigation": [NAVIGATION], "paint": []})
    seen = visit(click, [*GOOD, *image], told=told)
    assert (seen.status, seen.protocol, seen.remote_address) == (200, "h2", "198.18.0.1")
    assert (seen.error, seen.error_detail) == (None, "")
    assert seen.started == "2023-11-14T22:13:25.000000+00:00"
    (resource,) = seen.resources
    assert (resource.url, resource.status, resource.bytes) == (f"{URL}a.png", 200, 700)
    assert (resource.start_ms, resource.duration_ms) == pytest.approx((100, 200))
    assert resource.kind == "image"
    assert seen.transfers == (Transfer("document", 1, 100), Transfer("image", 1, 700))
    assert (seen.vitals.ttfb, seen.vitals.fully_loaded) == pytest.approx((65, 300))
    assert seen.vitals.cumulative_layout_shift is None


def test_a_visit_that_never_got_an_answer(click: Click) -> None:
    events = [sent("D", URL, 5.0, "Document"), failed("D", 5.1, "net::ERR_NAME_NOT_RESOLVED")]
    seen = visit(click, events, failure="net::ERR_NAME_NOT_RESOLVED")
    assert (seen.error, seen.error_detail) == ("dns", "net::ERR_NAME_NOT_RESOLVED")
    assert (seen.status, seen.protocol, seen.remote_address) == (None, None, None)
    assert (seen.timings_ms, seen.resources) == (Timings(), ())
    assert seen.vitals == Vitals()


def test_a_visit_whose_time_was_up(click: Click) -> None:
    assert visit(click, GOOD[:1], timed_out=True).error == "timeout"


@pytest.mark.parametrize("failure", ["", "net::ERR_HTTP_RESPONSE_CODE_FAILURE"])
def test_an_error_status_is_http_with_or_without_a_body(click: Click, failure: str) -> None:
    steps = timing(5.0, dnsStart=1, dnsEnd=3, connectStart=3, connectEnd=9, sslStart=5, sslEnd=9,
                   sendStart=9, sendEnd=9, receiveHeadersEnd=15)  # fmt: skip
    events = [GOOD[0], received("D", 5.1, status=500, timing=steps)]
    seen = visit(click, events, failure=failure)
    assert (seen.status, seen.error, seen.error_detail) == (500, "http", "HTTP status 500")
    assert seen.timings_ms == Timings(dns=2, connect=2, tls=4, ttfb=6)


def test_paint() -> None:
    entries = [{"name": "first-paint", "startTime": 40.5}]
    assert (paint_times(entries).first_paint, paint_times([]).first_paint) == (40.5, None)
    assert paint_times(entries).first_contentful_paint is None


def test_the_timeline_gets_the_moments(click: Click) -> None:
    told = Told("", 50.0, {"navigation": [NAVIGATION]})
    page = PageLoad(URL, 5.0, 1.7e9, "D", tuple(GOOD), "", False, told=told)
    record = to_visit(click, page, collect_exchanges(GOOD))
    timeline = page_timeline(page, record)
    assert timeline["navigation"] == [NAVIGATION]
    assert {"name": "parse-start", "startTime": 50.0} in timeline["moment"]
    assert page_timeline(replace(page, told=Told()), record) == {}


def test_speed_needs_a_filmstrip_and_a_page_that_loaded(click: Click) -> None:
    told = Told("", 50.0, {"navigation": [NAVIGATION]})
    loaded = visit(click, GOOD, told=told)
    pictures = [Picture(0, 0.0, b""), Picture(100, 1.0, b"")]
    assert with_speed(loaded, pictures).vitals.speed_index == 100
    assert with_speed(loaded, []) == loaded
    cut = visit(click, GOOD)
    assert with_speed(cut, pictures) == cut


def test_in_flight_counts_what_has_not_ended() -> None:
    events = [*GOOD, sent("I", URL, 5.1), sent("E", URL, 5.1, "EventSource")]
    assert in_flight(events) == {"I"}
    assert in_flight([*events, failed("I", 5.2, "net::ERR_FAILED")]) == set()


def test_the_blank_pages_load_event_is_not_the_pages() -> None:
    blank = event("Page.frameNavigated", frame={"url": "about:blank"})
    frame = event("Page.frameNavigated", frame={"url": URL, "parentId": "F"})
    page = event("Page.frameNavigated", frame={"url": URL})
    load = event("Page.loadEventFired")
    assert not is_loaded([blank, load])
    assert not is_loaded([frame, load])
    assert not is_loaded([load, page])
    assert is_loaded([blank, load, page, load])
