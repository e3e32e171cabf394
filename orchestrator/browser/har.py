"""Exchanges → HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/).

Fields that start with an underscore are additions which the format allows. Milliseconds throughout;
−1 stands for "did not apply", as the format says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from orchestrator.browser.click import wall_clock
from orchestrator.browser.exchange import Exchange
from orchestrator.records import Visit

PAGE = "page_1"
NOTHING_DONE = {"blocked": 0.0, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "receive": 0}


def to_har(
    visit: Visit, exchanges: Iterable[Exchange], *, wall_offset_s: float, version: str
) -> dict[str, Any]:
    """The HAR of one visit: one page, one entry per exchange.

    `wall_offset_s` turns the exchanges' clock into the wall clock; `version` is the browser's.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "clicklab", "version": "1"},
            "browser": {"name": "Chromium", "version": version},
            "pages": [_page(visit)],
            "entries": [_entry(exchange, wall_offset_s) for exchange in exchanges],
        }
    }


def _page(visit: Visit) -> dict[str, Any]:
    content_ms, load_ms = visit.timings_ms.dom_content_loaded, visit.timings_ms.load
    return {
        "startedDateTime": visit.started,
        "id": PAGE,
        "title": visit.url,
        "pageTimings": {
            "onContentLoad": -1 if content_ms is None else content_ms,
            "onLoad": -1 if load_ms is None else load_ms,
        },
    }


def _entry(exchange: Exchange, wall_offset_s: float) -> dict[str, Any]:
    timings = split_time(exchange)
    entry = {
        "pageref": PAGE,
        "startedDateTime": wall_clock(exchange.sent_s + wall_offset_s),
        "time": sum(ms for step, ms in timings.items() if step != "ssl" and ms > 0),
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": timings,
        "connection": exchange.connection,
    }
    if exchange.remote_address:
        entry["serverIPAddress"] = exchange.remote_address
    return entry


def split_time(exchange: Exchange) -> dict[str, float]:
    """Where the time of an exchange went, ms. `connect` contains `ssl`, as the format wants it.

    What no other step accounts for is `blocked`: waiting in the browser, for a connection or its
    turn on one. So the steps always add up to the whole.
    """
    timing, sent_s = exchange.timing, exchange.sent_s
    whole_ms = 1000 * ((exchange.ended_s or sent_s) - sent_s)
    if not timing:
        return {**NOTHING_DONE, "wait": whole_ms}
    first_byte_ms = timing.get("receiveHeadersStart", -1)
    if first_byte_ms < 0:
        first_byte_ms = timing["receiveHeadersEnd"]
    received_ms = whole_ms - 1000 * (timing["requestTime"] - sent_s)
    steps = {
        "dns": _span(timing, "dns"),
        "connect": _span(timing, "connect"),
        "ssl": _span(timing, "ssl"),
        "send": max(0.0, _span(timing, "send")),
        "wait": max(0.0, first_byte_ms - timing["sendEnd"]),
        "receive": max(0.0, received_ms - first_byte_ms),
    }
    accounted_ms = sum(ms for step, ms in steps.items() if step != "ssl" and ms > 0)
    return {"blocked": max(0.0, whole_ms - accounted_ms), **steps}


def _span(timing: Mapping[str, float], step: str) -> float:
    start, end = timing[f"{step}Start"], timing[f"{step}End"]
    return end - start if start >= 0 else -1


def _request(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": exchange.protocol or "",
        "cookies": _cookies(exchange.request_headers, "cookie"),
        "headers": _headers(exchange.request_headers),
        "queryString": _pairs(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": -1,
    }


def _response(exchange: Exchange) -> dict[str, Any]:
    return {
        "status": exchange.status or 0,
        "statusText": exchange.status_text,
        "httpVersion": exchange.protocol or "",
        "cookies": _cookies(exchange.response_headers, "set-cookie"),
        "headers": _headers(exchange.response_headers),
        "content": {"size": exchange.body_bytes, "mimeType": exchange.mime_type},
        "redirectURL": exchange.redirect_url,
        "headersSize": -1,
        "bodySize": _length_on_wire(exchange),
        "_transferSize": exchange.wire_bytes,
        "_error": exchange.failure or None,
    }


def _length_on_wire(exchange: Exchange) -> int:
    length = _lower(exchange.response_headers).get("content-length", "")
    return int(length) if length.isdecimal() else -1


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _headers(headers: Mapping[str, str]) -> list[dict[str, str]]:
    """One item per header line; the browser joins the lines of one name with newlines."""
    return _pairs((name, line) for name, text in headers.items() for line in text.split("\n"))


def _cookies(headers: Mapping[str, str], name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for line in _lower(headers).get(name, "").split("\n"):
        try:
            found += _pairs((key, cookie.value) for key, cookie in SimpleCookie(line).items())
        except CookieError:  # a name that is no token: the header itself still shows it
            continue
    return found


def _pairs(items: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]
