"""The numbers of a visit as rows for tables: times, what the visitor felt, bytes by type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.records.visit import Visit
from orchestrator.report.words import in_bytes, in_ms


class Figure(NamedTuple):
    """A row: what it is, its value with the unit, and what it means."""

    name: str
    value: str
    about: str


_STEPS = (
    ("dns", "DNS lookup", "from the question to the address"),
    ("connect", "TCP connect", "SYN to the open connection"),
    ("tls", "TLS handshake", "until both ends have keys"),
    ("ttfb", "Request to first byte", "what the network and the servers took to begin to answer"),
    ("download", "Document download", "first to last byte of the document"),
    ("dom_content_loaded", "DOMContentLoaded", "since the start: the document is read whole"),
    ("load", "Load", "since the start: all parts of the page are there"),
)
_VITALS = (
    ("ttfb", "TTFB", "since the start, to the first byte of the response"),
    ("first_contentful_paint", "FCP", "First Contentful Paint: first text or image"),
    ("largest_contentful_paint", "LCP", "Largest Contentful Paint: the largest one"),
    ("total_blocking_time", "TBT", "Total Blocking Time: what long tasks took beyond 50 ms each"),
    ("speed_index", "Speed Index", "mean time at which what is visible was there"),
    ("fully_loaded", "Fully loaded", "the last exchange ended"),
)


def time_figures(visit: Visit) -> tuple[Figure, ...]:
    """The times of the main document, those there were."""
    times = ((name, getattr(visit.timings_ms, key), about) for key, name, about in _STEPS)
    return tuple(Figure(n, f"{in_ms(v)} ms", about) for n, v, about in times if v is not None)


def vital_figures(visit: Visit) -> tuple[Figure, ...]:
    """What the visitor felt, as far as the record has it."""
    return tuple(_vitals(visit))


def _vitals(visit: Visit) -> Iterator[Figure]:
    vitals = visit.vitals
    for key, name, about in _VITALS:
        value = getattr(vitals, key)
        if key == "first_contentful_paint" and value is None:
            value = visit.paint.first_contentful_paint
        if key == "largest_contentful_paint" and vitals.largest_element:
            about = f"{about} was {vitals.largest_element}"
        if value is not None:
            yield Figure(name, f"{in_ms(value)} ms", about)
    if vitals.cumulative_layout_shift is not None:
        shift = f"{vitals.cumulative_layout_shift:.3f}"
        yield Figure("CLS", shift, "Cumulative Layout Shift: how much the page jumped; no unit")


def transfer_figures(visit: Visit) -> tuple[tuple[str, int, str], ...]:
    """(kind, requests, bytes) of what was transferred; a record without kinds has one row."""
    if visit.transfers:
        return tuple((t.kind, t.requests, in_bytes(t.bytes)) for t in visit.transfers)
    if not visit.resources:
        return ()
    total = sum(resource.bytes for resource in visit.resources)
    return (("sub-resources", len(visit.resources), in_bytes(total)),)


def card_figures(visit: Visit) -> tuple[Figure, ...]:
    """The few to look at first."""
    wanted = ("DNS lookup", "TCP connect", "TLS handshake", "Request to first byte")
    felt = ("FCP", "LCP")
    figures = [f for f in time_figures(visit) if f.name in wanted]
    figures += [f for f in vital_figures(visit) if f.name in felt]
    return (*figures, *(f for f in time_figures(visit) if f.name == "Load"))
