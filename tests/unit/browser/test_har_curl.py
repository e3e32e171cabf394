from __future__ import annotations

import pytest
from test_curl import REPORT, URL

from orchestrator.browser.click import Click
from orchestrator.browser.curl import to_visit
from orchestrator.browser.har_curl import fetch_to_har, split_fetch


def test_the_steps_of_a_fetch_add_up_to_the_whole() -> None:
    steps = split_fetch(REPORT)
    assert steps == pytest.approx(
        {"blocked": -1, "dns": 10, "connect": 60, "ssl": 40, "send": 1, "wait": 30, "receive": 10}
    )


def test_of_a_fetch_that_failed_the_rest_is_blocked() -> None:
    stopped = {key: 0 for key in REPORT if key.startswith("time_")}
    failed = {**stopped, "time_namelookup": 0.01, "time_total": 0.03, "exitcode": 7}
    assert split_fetch({**REPORT, **failed}) == pytest.approx(
        {"blocked": 20, "dns": 10, "connect": -1, "ssl": -1, "send": 0, "wait": 0, "receive": 0}
    )


def test_one_entry_with_what_curl_told(click: Click) -> None:
    log = fetch_to_har(to_visit(click, URL, REPORT, 0.0), REPORT)["log"]
    (entry,) = log["entries"]
    assert entry["time"] == pytest.approx(111)
    assert entry["request"]["url"] == "https://www.example.com/?q=1"
    assert entry["request"]["queryString"] == [{"name": "q", "value": "1"}]
    assert (entry["response"]["status"], entry["response"]["httpVersion"]) == (200, "HTTP/2")
    assert (entry["response"]["headersSize"], entry["response"]["bodySize"]) == (340, 8000)
    assert entry["serverIPAddress"] == "198.18.0.1"
    assert "comment" not in entry


def test_an_entry_after_redirects_begins_when_they_are_over(click: Click) -> None:
    report = {**REPORT, "num_redirects": 2, "time_redirect": 0.05, "time_total": 0.161}
    (entry,) = fetch_to_har(to_visit(click, URL, report, 0.0), report)["log"]["entries"]
    assert entry["startedDateTime"] == "1970-01-01T00:00:00.050000+00:00"
    assert entry["time"] == pytest.approx(111)
    assert entry["comment"] == "after 2 redirects, in 50.0 ms"
