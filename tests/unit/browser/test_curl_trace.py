"""The trace of curl's states → when a fetch began, and what its last request took."""

from __future__ import annotations

import re
from typing import Any

import pytest
from test_curl import REPORT

from orchestrator.browser.click import Click
from orchestrator.browser.curl import fetch_timings, to_visit
from orchestrator.browser.curl_trace import WANTED, find_start_s, last_request

ROUND_TRIP_S = 0.011


def stamped(second_s: float, what: str, hour: int = 8) -> str:
    return f"{hour:02}:33:{second_s:09.6f} {what}"


def request_of(start_s: float, *, secure: bool, hour: int = 8) -> list[str]:
    """Of a request that needs a connection: a round trip for each of DNS, TCP, TLS and HTTP."""
    at, trip = start_s, ROUND_TRIP_S
    connected = at + 2 * trip
    ready = connected + (trip if secure else 0)
    states = [
        (at, "* [MULTI] [SETUP] -> [CONNECT]"),
        (at, "* [MULTI] [CONNECT] -> [RESOLVING]"),
        (at + trip, "* [MULTI] [RESOLVING] -> [CONNECTING]"),
        (at + trip, "* [TCP] cf"),
        (connected, "* [TCP] connected"),
        (ready, "* [MULTI] [CONNECTING] -> [PROTOCONNECT]"),
        (ready, "* [MULTI] [PROTOCONNECT] -> [DO]"),
        (ready, "* [MULTI] [DO] -> [DID]"),
        (ready + trip, "<"),
        (ready + trip + 0.001, "<"),
    ]
    return [stamped(second, what, hour) for second, what in states]


REDIRECT_S = 0.034
TRACE = "\n".join(
    [
        stamped(39.135, "* [MULTI] [INIT]"),
        stamped(39.1358, "* [MULTI] [INIT] -> [SETUP]"),
        *request_of(39.1358, secure=False),
        stamped(39.1358 + REDIRECT_S, "* [MULTI] [PERFORMING] -> [SETUP]"),
        *request_of(39.1358 + REDIRECT_S, secure=True),
    ]
)
# What curl adds up: TLS would have taken half a round trip of the other's connect less.
SUMS: dict[str, Any] = {
    **REPORT,
    "num_redirects": 1,
    "num_connects": 2,
    "time_redirect": REDIRECT_S,
    "time_namelookup": 0.022,
    "time_connect": 0.044,
    "time_appconnect": 0.033,
    "time_pretransfer": 0.055,
    "time_starttransfer": 0.077,
    "time_total": REDIRECT_S + 0.046,
}


def test_tls_over_a_redirect_takes_the_round_trip_that_it_takes(click: Click) -> None:
    """It was told as 6 ms where a round trip is 11."""
    seen = to_visit(click, "http://www.example.com/", last_request(SUMS, TRACE), 0.0)
    steps = seen.timings_ms
    trip_ms = pytest.approx(1000 * ROUND_TRIP_S)
    assert (steps.dns, steps.connect, steps.tls, steps.ttfb) == (trip_ms,) * 4
    assert steps.load == pytest.approx(80)
    assert seen.vitals.ttfb == pytest.approx(1000 * (REDIRECT_S + 4 * ROUND_TRIP_S))


def test_without_redirects_curl_knows_it_best() -> None:
    assert last_request(REPORT, TRACE) == REPORT


def test_a_redirect_on_the_same_connection_has_no_handshakes() -> None:
    there = [
        stamped(39.17, "* [MULTI] [PERFORMING] -> [SETUP]"),
        stamped(39.1701, "* [MULTI] [CONNECT] -> [CONNECTING]"),
        stamped(39.1702, "* [MULTI] [CONNECTING] -> [PROTOCONNECT]"),
        stamped(39.1703, "* [MULTI] [DO] -> [DID]"),
        stamped(39.1813, "<"),
    ]
    steps = fetch_timings(last_request(SUMS, "\n".join([TRACE, *there])))
    assert (steps.dns, steps.connect, steps.tls) == (0, 0, 0)
    assert steps.ttfb == pytest.approx(11)


def test_a_redirect_to_who_refuses_has_neither_handshakes_nor_status() -> None:
    refused = [
        stamped(39.17, "* [MULTI] [PERFORMING] -> [SETUP]"),
        stamped(39.1702, "* [MULTI] [CONNECT] -> [CONNECTING]"),
        stamped(39.1704, "* [MULTI] [CONNECTING] -> [COMPLETED]"),
    ]
    failed = {**SUMS, "exitcode": 7, "http_code": 302}
    report = last_request(failed, "\n".join([TRACE, *refused]))
    steps = fetch_timings(report)
    assert steps.dns == pytest.approx(0.2)
    assert (steps.connect, steps.tls, steps.ttfb, report["http_code"]) == (None, None, None, 0)


def test_without_a_trace_nothing_is_told_of_a_redirected_fetch_but_its_whole() -> None:
    steps = fetch_timings(last_request(SUMS, ""))
    assert (steps.dns, steps.connect, steps.tls, steps.ttfb) == (None, None, None, None)
    assert steps.load == pytest.approx(80)


@pytest.mark.parametrize("late_s", [0.0, 0.002, 0.022, 0.7])
@pytest.mark.parametrize("hour", [8, 23])
def test_a_fetch_begins_when_curl_says_and_not_when_it_had_tidied_up(
    late_s: float, hour: int
) -> None:
    """15 of 15 began 2 to 22 ms late, after their first packet."""
    trace = "\n".join([stamped(39.1357, "* [MULTI] [INIT] -> [SETUP]", hour)])
    began_s = 1_796_027_619.1357
    assert find_start_s(trace, began_s + late_s) == pytest.approx(began_s, abs=1e-5)
    assert find_start_s("", began_s + late_s) == began_s + late_s


def test_only_what_curl_says_itself_is_read() -> None:
    said = [
        "08:33:39.135800 * [MULTI] [INIT] -> [SETUP]",
        "08:33:39.135900 < x: 08:33:39.1 * [MULTI] [PERFORMING] -> [SETUP]",
        "08:33:39.136000 * [TCP] connected",
        "08:33:39.136100 * [TCP] send(len=79) -> 79, err=0",
        "08:33:39.136200 { [5 bytes data]",
        "* [TCP] connected",
    ]
    kept = [found[0] for line in said if (found := re.search(_in_python(WANTED), line))]
    assert kept == [
        "08:33:39.135800 * [MULTI] [INIT] -> [SETUP]",
        "08:33:39.135900 <",
        "08:33:39.136000 * [TCP] connected",
        "08:33:39.136100 * [TCP] ",
    ]


def _in_python(posix: str) -> str:
    """A bracket expression that begins with ] is one in Python too, if the [ in it is escaped."""
    return posix.replace("[][A-Z> -]", r"[]\[A-Z> -]")
