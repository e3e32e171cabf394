"""What a browser said of one load → the Visit record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.browser.click import Click, wall_clock
from orchestrator.browser.exchange import Exchange
from orchestrator.browser.film import Picture
from orchestrator.browser.neterror import classify_error
from orchestrator.browser.observe import Entries
from orchestrator.browser.speed import measure_speed
from orchestrator.browser.visit import PageLoad
from orchestrator.browser.vitals import (
    find_fully_loaded,
    find_moments,
    kind_of,
    measure_vitals,
    sum_transfers,
)
from orchestrator.records.visit import ErrorKind, Paint, Resource, Timings, Visit


def to_visit(click: Click, load: PageLoad, exchanges: Sequence[Exchange]) -> Visit:
    """The record of `load`, whose exchanges are `exchanges`."""
    chain = [e for e in exchanges if e.request_id == load.main_request]
    document = chain[-1] if chain else None
    error, detail = judge_load(load, document)
    timings = page_timings(load, document)
    fully_loaded_ms = find_fully_loaded(timings, exchanges, load.started_s)
    return Visit(
        run=click.run,
        url=load.url,
        client="chromium",
        node=click.node,
        status=document.status if document else None,
        protocol=document.protocol if document else None,
        remote_address=document.remote_address if document else None,
        timings_ms=timings,
        paint=paint_times(load.told.entries.get("paint", [])),
        resources=tuple(
            _resource(e, load.started_s) for e in exchanges if e.request_id != load.main_request
        ),
        error=error,
        error_detail=detail,
        started=wall_clock(load.started_s + load.wall_offset_s),
        cold=click.cold,
        vitals=measure_vitals(load.told.entries, fully_loaded_ms),
        transfers=sum_transfers(exchanges),
        ended_ms=1000 * (load.stopped_s - load.started_s),
    )


def with_speed(visit: Visit, pictures: Sequence[Picture]) -> Visit:
    """The record with the Speed Index of its filmstrip; as it was without one."""
    if not pictures or visit.timings_ms.load is None:
        return visit
    index = measure_speed([(picture.at_ms, picture.complete) for picture in pictures])
    return replace(visit, vitals=replace(visit.vitals, speed_index=index))


def page_timeline(load: PageLoad, visit: Visit) -> Entries:
    """The page's entries by type, "moment" among them; {} without a page."""
    entries = load.told.entries
    if not entries:
        return {}
    moments = find_moments(entries, load.told.born_ms, visit.vitals.fully_loaded)
    return {**entries, "moment": moments}


def judge_load(load: PageLoad, document: Exchange | None) -> tuple[ErrorKind | None, str]:
    """The step that failed and the browser's word for it; (None, "") for a good load.

    A document with an error status is "http" whether the browser showed it or, having nothing to
    show, called it ERR_HTTP_RESPONSE_CODE_FAILURE.
    """
    if document and document.status and document.status >= 400:
        return "http", f"HTTP status {document.status}"
    if load.failure:
        was_sent = document is not None and document.was_sent
        return classify_error(load.failure, was_sent=was_sent), load.failure
    if load.timed_out:
        return "timeout", "time was up before the page had loaded"
    return None, ""


def page_timings(load: PageLoad, document: Exchange | None) -> Timings:
    """Steps as the page tells them, or without a page as the wire does."""
    navigation = load.told.entries.get("navigation")
    return navigation_timings(navigation[0]) if navigation else wire_timings(document)


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
        kind=kind_of(exchange),
        failure=exchange.failure,
    )
