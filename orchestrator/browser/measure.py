"""What a browser said of one load → the Visit record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.browser.click import Click, wall_clock
from orchestrator.browser.exchange import Exchange
from orchestrator.browser.neterror import classify_error
from orchestrator.browser.visit import PageLoad
from orchestrator.records import ErrorKind, Paint, Resource, Timings, Visit


def to_visit(click: Click, load: PageLoad, exchanges: Sequence[Exchange]) -> Visit:
    """The record of `load`, whose exchanges are `exchanges`."""
    chain = [e for e in exchanges if e.request_id == load.main_request]
    document = chain[-1] if chain else None
    error, detail = judge_load(load, document)
    entries = load.timeline.get("navigation") or [{}]
    return Visit(
        run=click.run,
        url=load.url,
        client="chromium",
        node=click.node,
        status=document.status if document else None,
        protocol=document.protocol if document else None,
        remote_address=document.remote_address if document else None,
        timings_ms=navigation_timings(entries[0]) if entries[0] else wire_timings(document),
        paint=paint_times(load.timeline.get("paint", [])),
        resources=tuple(
            _resource(e, load.started_s) for e in exchanges if e.request_id != load.main_request
        ),
        error=error,
        error_detail=detail,
        started=wall_clock(load.started_s + load.wall_offset_s),
        cold=click.cold,
    )


def judge_load(load: PageLoad, document: Exchange | None) -> tuple[ErrorKind | None, str]:
    """The step that failed and the browser's word for it; (None, "") for a good load.

    A document with an error status is "http" whether the browser showed it or, having nothing to
    show, called it ERR_HTTP_RESPONSE_CODE_FAILURE.
    """
    if document and document.status and document.status >= 400:
        return "http", f"HTTP status {document.status}"
    if load.failure:
        return classify_error(load.failure), load.failure
    if load.timed_out:
        return "timeout", "time was up before the page had loaded"
    return None, ""


def navigation_timings(entry: Mapping[str, Any]) -> Timings:
    """Steps of a PerformanceNavigationTiming entry; records.Timings says what each one is.

    A page whose load was cut short has 0 where an event did not happen: None here.
    """
    secure = entry["secureConnectionStart"]
    return Timings(
        dns=entry["domainLookupEnd"] - entry["domainLookupStart"],
        connect=(secure or entry["connectEnd"]) - entry["connectStart"],
        tls=entry["connectEnd"] - secure if secure else None,
        ttfb=entry["responseStart"] - entry["requestStart"],
        download=entry["responseEnd"] - entry["responseStart"] if entry["responseEnd"] else None,
        dom_content_loaded=entry["domContentLoadedEventEnd"] or None,
        load=entry["loadEventEnd"] or None,
    )


def wire_timings(document: Exchange | None) -> Timings:
    """The same steps by the protocol's own timing, when there was no page to ask for its entry.

    An error status without a body is such a case: the browser has a response and shows none of it.
    """
    timing = document.timing if document else {}
    if not timing:
        return Timings()
    secure, end = timing["sslStart"], timing["connectEnd"]
    return Timings(
        dns=timing["dnsEnd"] - timing["dnsStart"],
        connect=(secure if secure >= 0 else end) - timing["connectStart"],
        tls=end - secure if secure >= 0 else None,
        ttfb=timing["receiveHeadersEnd"] - timing["sendStart"],
    )


def paint_times(entries: Sequence[Mapping[str, Any]]) -> Paint:
    """The two moments of a page's PerformancePaintTiming entries."""
    starts = {entry["name"]: entry["startTime"] for entry in entries}
    return Paint(starts.get("first-paint"), starts.get("first-contentful-paint"))


def _resource(exchange: Exchange, started_s: float) -> Resource:
    return Resource(
        url=exchange.url,
        status=exchange.status,
        protocol=exchange.protocol,
        bytes=exchange.wire_bytes,
        start_ms=1000 * (exchange.sent_s - started_s),
        duration_ms=1000 * ((exchange.ended_s or exchange.sent_s) - exchange.sent_s),
    )
