from __future__ import annotations

from typing import Any

import pytest

from orchestrator.browser.exchange import Exchange
from orchestrator.browser.har import split_time, to_har
from orchestrator.records.visit import Paint, Timings, Visit

ENTRY = {"startedDateTime": str, "request": dict, "response": dict, "cache": dict, "timings": dict}
REQUEST = {"method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list,
           "queryString": list, "headersSize": int, "bodySize": int}  # fmt: skip
RESPONSE = {"status": int, "statusText": str, "httpVersion": str, "cookies": list,
            "headers": list, "content": dict, "redirectURL": str, "headersSize": int,
            "bodySize": int}  # fmt: skip
TIMING = {
    "requestTime": 10.001, "dnsStart": 2, "dnsEnd": 7, "connectStart": 7, "connectEnd": 37,
    "sslStart": 17, "sslEnd": 37, "sendStart": 38, "sendEnd": 39, "receiveHeadersStart": 60,
    "receiveHeadersEnd": 61,
}  # fmt: skip
VISIT = Visit(
    "run-1", "https://www.example.com/", "chromium", "laptop", 200, "h2", "198.18.0.1",
    Timings(load=80.0), Paint(), (), None, "", "2026-01-01T00:00:00.000000+00:00", True,
)  # fmt: skip


def exchange(**changes: Any) -> Exchange:
    given: dict[str, Any] = {
        "request_id": "1",
        "url": "https://www.example.com/?q=a%20b&empty=",
        "method": "GET",
        "sent_s": 10.0,
        "request_headers": {"cookie": "a=1; b=2"},
        "status": 200,
        "protocol": "h2",
        "response_headers": {"Content-Length": "5", "set-cookie": "s=1; Path=/\nt=2"},
        "remote_address": "198.18.0.1",
        "connection": "36",
        "timing": TIMING,
        "wire_bytes": 105,
        "body_bytes": 5,
        "ended_s": 10.07,
    }
    return Exchange(**{**given, **changes})


def timings_of(**changes: Any) -> dict[str, float]:
    return split_time(exchange(**changes))


def har_entry(**changes: Any) -> dict[str, Any]:
    har = to_har(VISIT, [exchange(**changes)], wall_offset_s=1.7e9, version="150")
    entry: dict[str, Any] = har["log"]["entries"][0]
    return entry


def assert_has(value: dict[str, Any], fields: dict[str, type]) -> None:
    assert {name: type(value[name]) for name in fields} == fields


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"timing": {}},
        {"status": None, "protocol": None, "ended_s": None, "timing": {}, "remote_address": None},
    ],
)
def test_entries_have_every_field_of_har_1_2(changes: dict[str, Any]) -> None:
    entry = har_entry(**changes)
    assert_has(entry, ENTRY)
    assert_has(entry["request"], REQUEST)
    assert_has(entry["response"], RESPONSE)
    assert set(entry["response"]["content"]) >= {"size", "mimeType"}
    assert entry["timings"].keys() == {
        "blocked", "dns", "connect", "ssl", "send", "wait", "receive"
    }  # fmt: skip


def test_the_log_names_its_version_its_makers_and_its_page() -> None:
    log = to_har(VISIT, [], wall_offset_s=0, version="150")["log"]
    assert (log["version"], log["browser"]["version"]) == ("1.2", "150")
    assert log["pages"][0]["pageTimings"] == {"onContentLoad": -1, "onLoad": 80.0}
    assert log["pages"][0]["title"] == VISIT.url


def test_a_page_has_its_own_title() -> None:
    log = to_har(VISIT, [], wall_offset_s=0, version="150", title="Shop")["log"]
    assert log["pages"][0]["title"] == "Shop"


def test_the_steps_add_up_to_the_whole() -> None:
    steps = split_time(exchange())
    assert steps == pytest.approx(
        {"blocked": 4, "dns": 5, "connect": 30, "ssl": 20, "send": 1, "wait": 21, "receive": 9}
    )
    assert har_entry()["time"] == pytest.approx(70)


def test_a_reused_connection_has_no_connect() -> None:
    unused = dict.fromkeys(
        ("dnsStart", "dnsEnd", "connectStart", "connectEnd", "sslStart", "sslEnd"), -1
    )
    steps = split_time(exchange(timing={**TIMING, **unused}))
    assert (steps["dns"], steps["connect"], steps["ssl"]) == (-1, -1, -1)
    assert sum(ms for ms in steps.values() if ms > 0) == pytest.approx(70)


def test_what_got_no_answer_was_blocked_and_waited_for_nothing() -> None:
    steps = timings_of(status=None, timing={})
    assert (steps["blocked"], steps["wait"]) == (pytest.approx(70), 0)


def test_what_had_not_ended_took_until_the_visit_did() -> None:
    waiting = exchange(status=None, timing={}, ended_s=None)
    log = to_har(VISIT, [waiting], wall_offset_s=0, version="150", until_s=12.0)["log"]
    assert log["entries"][0]["timings"]["blocked"] == log["entries"][0]["time"] == 2000


def test_what_a_cache_answered_was_not_blocked() -> None:
    steps = timings_of(timing={}, cache="memory")
    assert (steps["blocked"], steps["wait"]) == (-1, pytest.approx(70))
    entry = har_entry(timing={}, cache="memory", connection="")
    assert entry["time"] == pytest.approx(70)
    assert (entry["_fromCache"], entry["cache"]) == ("memory", {})
    assert entry["response"]["bodySize"] == 0
    assert "connection" not in entry


def test_a_new_browsers_cache_held_nothing() -> None:
    assert har_entry()["cache"] == {"beforeRequest": None}
    assert har_entry(status=304)["cache"] == {}
    assert har_entry(status=None)["cache"] == {}


@pytest.mark.parametrize(
    ("protocol", "version"),
    [("h2", "HTTP/2"), ("http/1.1", "HTTP/1.1"), ("h3", "HTTP/3"), (None, "")],
)
def test_versions_are_written_as_http_writes_them(protocol: str | None, version: str) -> None:
    entry = har_entry(protocol=protocol)
    assert {entry[message]["httpVersion"] for message in ("request", "response")} == {version}


def test_who_asked_and_for_what() -> None:
    entry = har_entry(kind="script", initiator={"type": "parser"}, priority="High")
    assert entry["_resourceType"] == "script"
    assert (entry["_initiator"], entry["_priority"]) == ({"type": "parser"}, "High")


def test_a_body_without_a_length_is_what_came_after_the_headers() -> None:
    response = har_entry(response_headers={}, header_bytes=40, body_bytes=200)["response"]
    assert (response["bodySize"], response["content"]["compression"]) == (65, 135)
    assert har_entry(response_headers={}, header_bytes=0)["response"]["bodySize"] == -1


def test_a_set_cookie_is_taken_apart() -> None:
    line = "s=1; Path=/; Secure; HttpOnly; Expires=Wed, 21 Oct 2026 07:28:00 GMT"
    (cookie,) = har_entry(response_headers={"set-cookie": line})["response"]["cookies"]
    assert cookie == {
        "name": "s", "value": "1", "path": "/", "secure": True, "httpOnly": True,
        "expires": "2026-10-21T07:28:00+00:00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("s=1; Path=/; Secure; Partitioned", "s", "1"),
        ("s=1; Path=/; Secure; Priority=High", "s", "1"),
        ('s={"a":1, "b": "c d"}; path=/; secure', "s", '{"a":1, "b": "c d"}'),
        ('s="é"; Path=/; Secure; SameSite=None', "s", '"é"'),
        ("a[b]=c=d; Path=/; Secure; Max-Age=3; new; Expires=never", "a[b]", "c=d"),
        ("bare; Path=/; Secure; Expires=Wed, 21 Oct 999999999999 07:28:00 GMT", "", "bare"),
    ],
)
def test_a_cookie_with_what_came_after_the_rfc_is_one(line: str, name: str, value: str) -> None:
    """The standard library's reader lost those with Partitioned, and made a cookie of Priority."""
    cookies = har_entry(response_headers={"set-cookie": line})["response"]["cookies"]
    known = {"name": name, "value": value, "path": "/", "httpOnly": False, "secure": True}
    assert cookies == [known]


def test_sent_cookies_are_those_that_were_sent() -> None:
    headers = {"Cookie": 's="1"; Priority=High; path=a b;x={"a":1};'}
    assert har_entry(request_headers=headers)["request"]["cookies"] == [
        {"name": "s", "value": '"1"'},
        {"name": "Priority", "value": "High"},
        {"name": "path", "value": "a b"},
        {"name": "x", "value": '{"a":1}'},
    ]


def test_connection_address_and_sizes_are_there() -> None:
    entry = har_entry()
    assert (entry["connection"], entry["serverIPAddress"]) == ("36", "198.18.0.1")
    assert entry["response"]["bodySize"] == 5
    assert entry["response"]["_transferSize"] == 105
    assert entry["startedDateTime"].startswith("2023-11-14T22:13:30.000000")


def test_query_and_cookies_are_taken_apart() -> None:
    entry = har_entry()
    assert entry["request"]["queryString"] == [
        {"name": "q", "value": "a b"},
        {"name": "empty", "value": ""},
    ]
    assert [c["name"] for c in entry["request"]["cookies"]] == ["a", "b"]
    assert [c["name"] for c in entry["response"]["cookies"]] == ["s", "t"]
    assert len([h for h in entry["response"]["headers"] if h["name"] == "set-cookie"]) == 2


def test_a_failed_exchange_has_status_zero_and_says_why() -> None:
    entry = har_entry(status=None, protocol=None, failure="net::ERR_CONNECTION_RESET", timing={})
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == "net::ERR_CONNECTION_RESET"
