"""A visit's page beside the textbook's: from the request to the load."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import how_many
from orchestrator.analysis.connections.round_trip import round_trip_ms
from orchestrator.analysis.figures.handshakes import NEAR_MS, tell_repeats
from orchestrator.analysis.figures.lookups import COLD_DNS_MS
from orchestrator.analysis.figures.usual import (
    FAILED,
    OTHER_CASE,
    Comparison,
    compare,
    compare_trips,
)
from orchestrator.analysis.story import Story
from orchestrator.analysis.web.fetch import Fetch, find_fetches

_STORED_TRIPS, _MADE_MS = (0.9, 1.5), (0.0, 600.0)
_FIRST_BYTE_MS, _FIRST_PAINT_MS = (0.0, 800.0), (0.0, 1800.0)
# What nginx says of a response for which it had to ask, whatever it had.
_ASKED = ("MISS", "EXPIRED", "BYPASS", "REVALIDATED")
_STORED = ("HIT", "STALE", "UPDATING")
_NEAR_PAGE_MS, _FAR_PAGE_MS = (100.0, 400.0), (500.0, 2000.0)


def compare_page(story: Story) -> Iterator[Comparison]:
    """The wait for the document, its first byte, the first paint, and the load."""
    connection = story.main_connection
    trip_ms = round_trip_ms(story, connection) if connection else None
    if trip_ms:
        yield from _request(story, trip_ms)
    yield from _first_byte(story)
    if story.visit.client == "chromium" and story.visit.timings_ms.load is not None:
        yield from _first_paint(story)
        yield from _page(story, trip_ms)


def _request(story: Story, trip_ms: float) -> Iterator[Comparison]:
    """From the request to the first byte: stored at an edge, or made for it."""
    document = next(reversed(find_fetches(story).documents), None)
    asked = document.asked if document else None
    if document is None or asked is None or asked.response is None:
        return
    waited_ms = (asked.response.time_ns - asked.request.time_ns) / 1e6
    apart = FAILED if story.visit.error == "http" else ""
    name = "The request"
    span = asked.request.time_ns, asked.response.time_ns
    why = tell_repeats(story, document.connection, *span) if document.connection else ""
    if document.cache in _STORED:
        case = "a response that an edge has stored"
        yield compare_trips(name, waited_ms, trip_ms, _STORED_TRIPS, case, why, apart)
    else:
        why = f" A round trip is {trip_ms:.0f} ms of it.{why}"
        yield compare(name, waited_ms, _MADE_MS, "a response that has to be made", why, apart)


def _first_paint(story: Story) -> Iterator[Comparison]:
    painted_ms = story.visit.vitals.first_contentful_paint
    if painted_ms is not None:
        apart = FAILED if story.visit.error else ""
        case = "a page that feels quick"
        yield compare("The first paint", painted_ms, _FIRST_PAINT_MS, case, apart=apart)


def _first_byte(story: Story) -> Iterator[Comparison]:
    documents = find_fetches(story).documents
    asked = documents[-1].asked if documents else None
    entries = story.evidence.timeline.get("navigation") or []
    if asked is not None and asked.response is not None:
        first_ms = story.since_start_ms(asked.response.time_ns)
    elif entries and entries[0].get("responseStart"):
        first_ms = float(entries[0]["responseStart"])
    else:
        return
    dns_ms = story.visit.timings_ms.dns or 0.0
    why = f" DNS alone took {dns_ms:.0f} ms." if dns_ms > COLD_DNS_MS[1] else ""
    if documents and documents[-1].cache == "MISS":
        why += " The edge had to ask the origin (MISS)."
    case = "a page that feels quick"
    # An error page is no page, however soon it comes.
    apart = FAILED if story.visit.error == "http" else ""
    yield compare("The first byte", first_ms, _FIRST_BYTE_MS, case, why, apart)


def _page(story: Story, trip_ms: float | None) -> Iterator[Comparison]:
    """By where the page is from: an edge nearby that has it, or its origin far away."""
    load_ms = story.visit.timings_ms.load
    documents = find_fetches(story).documents
    node = documents[-1].peer.node if documents and documents[-1].peer else ""
    if load_ms is None or trip_ms is None or node not in story.plan.nodes:
        return
    missed = _origin(story)
    trip = f" {node} is {trip_ms:.0f} ms away and back."
    if story.plan.nodes[node].role == "edge":
        # The first visit finds the edge empty: that page comes from its origin.
        is_case = trip_ms < NEAR_MS and not missed
        case, usual = "a page from an edge nearby", _NEAR_PAGE_MS
    else:
        is_case = trip_ms > NEAR_MS
        case, usual = "a page from another continent without a CDN", _FAR_PAGE_MS
    apart = FAILED if story.visit.error else "" if is_case else OTHER_CASE
    why = trip + missed + _losses(story)
    yield compare("The page", load_ms, usual, case, why, apart)


def _origin(story: Story) -> str:
    fetches = find_fetches(story)
    missed = [f for f in (*fetches.documents, *fetches.resources) if _is_missed(story, f)]
    if not missed:
        return ""
    return f" The edge had to ask the origin for {how_many(len(missed), 'response')} (MISS)."


def _is_missed(story: Story, fetch: Fetch) -> bool:
    asked = fetch.asked
    in_time = asked is None or asked.request.time_ns < story.ended_ns
    return fetch.cache in _ASKED and in_time


def _losses(story: Story) -> str:
    late = (tell_repeats(story, c, story.started_ns, story.ended_ns) for c in story.connections)
    return next((text for text in late if text), "")
