"""Exchanges → HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/).

Fields that start with an underscore are additions which the format allows; those here are named
and mean as in what Chromium's DevTools export. Milliseconds throughout; −1 stands for "did not
apply", as the format says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.browser.click import wall_clock
from orchestrator.browser.exchange import Exchange
from orchestrator.browser.har_message import describe_request, describe_response
from orchestrator.records.visit import Visit

PAGE = "page_1"
NOT_DONE = {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0, "receive": 0}


def to_har(
    visit: Visit,
    exchanges: Iterable[Exchange],
    *,
    wall_offset_s: float,
    version: str,
    title: str = "",
    until_s: float | None = None,
) -> dict[str, Any]:
    """The HAR of one visit: one page, one entry per exchange.

    `wall_offset_s` turns the exchanges' clock into the wall clock; `version` is the browser's.
    What had not ended at `until_s` of that clock, when the visit did, took until then.
    """
    ended = [replace(e, ended_s=until_s) if e.ended_s is None else e for e in exchanges]
    entries = [_entry(exchange, wall_offset_s) for exchange in ended]
    browser = {"name": "Chromium", "version": version}
    return write_log(browser, [describe_page(visit, title)], entries)


def write_log(
    browser: Mapping[str, str], pages: list[dict[str, Any]], entries: list[dict[str, Any]]
) -> dict[str, Any]:
    """A whole HAR of what is given; `browser` is left out when it is {}."""
    creator = {"name": "clicklab", "version": "1"}
    named = {"browser": browser} if browser else {}
    return {
        "log": {"version": "1.2", "creator": creator, **named, "pages": pages, "entries": entries}
    }


def describe_page(visit: Visit, title: str) -> dict[str, Any]:
    """The page that all entries of a visit belong to; without a title it is called by its URL."""
    content_ms, load_ms = visit.timings_ms.dom_content_loaded, visit.timings_ms.load
    return {
        "startedDateTime": visit.started,
        "id": PAGE,
        "title": title or visit.url,
        "pageTimings": {
            "onContentLoad": -1 if content_ms is None else content_ms,
            "onLoad": -1 if load_ms is None else load_ms,
        },
    }


def _entry(exchange: Exchange, wall_offset_s: float) -> dict[str, Any]:
    timings = split_time(exchange)
    entry: dict[str, Any] = {
        "pageref": PAGE,
        "startedDateTime": wall_clock(exchange.sent_s + wall_offset_s),
        "time": add_up(timings),
        "request": describe_request(exchange),
        "response": describe_response(exchange),
        "cache": _cache(exchange),
        "timings": timings,
        "_resourceType": exchange.kind,
        "_initiator": dict(exchange.initiator),
        "_priority": exchange.priority,
    }
    optional = {
        "serverIPAddress": exchange.remote_address,
        "connection": exchange.connection,
        "_fromCache": exchange.cache,
    }
    return entry | {name: value for name, value in optional.items() if value}


def _cache(exchange: Exchange) -> dict[str, Any]:
    """The browser's cache before the request: null when it held nothing, as in each new browser.

    What it held of something that this visit had already asked for is not known.
    """
    held = exchange.cache or exchange.status == 304
    return {} if held or exchange.status is None else {"beforeRequest": None}


def add_up(timings: Mapping[str, float]) -> float:
    """The whole time of an entry. `ssl` is part of `connect`; −1 is no time."""
    return sum(ms for step, ms in timings.items() if step != "ssl" and ms > 0)


def split_time(exchange: Exchange) -> dict[str, float]:
    """Where the time of an exchange went, ms. `connect` contains `ssl`, as the format wants it.

    `blocked` is waiting in the browser, for a connection or its turn on one: whatever no other
    step accounts for, so that the steps always add up to the whole. All of an exchange that got
    no answer is that. What a cache answered was never blocked: −1, and all of it is `wait`.
    """
    timing, sent_s = exchange.timing, exchange.sent_s
    whole_ms = 1000 * max(0.0, (exchange.ended_s or sent_s) - sent_s)
    if not timing:
        return {**NOT_DONE, "wait" if exchange.status else "blocked": whole_ms}
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
    return {"blocked": max(0.0, whole_ms - add_up(steps)), **steps}


def _span(timing: Mapping[str, float], step: str) -> float:
    start, end = timing[f"{step}Start"], timing[f"{step}End"]
    return end - start if start >= 0 else -1
