"""Numbers and moments as a reader likes to see them."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Detail
from orchestrator.analysis.steps import tcp

NONE = "–"
# What a detail's name ends in when it has a unit, and how the unit is written.
_UNITS = {"_ms": "ms", "_bytes": "bytes", "_s": "s", "_km": "km", "_percent": "%"}

# What readers call the packets that are traced.
_PACKETS = {
    "dns-query": "DNS query",
    "syn": "TCP SYN",
    "client-hello": "TLS ClientHello",
    "request": "HTTP request",
    "first-byte": "First data of the response",
}
_PROTOCOLS = {"h2": "HTTP/2", "h3": "HTTP/3", "http/1.1": "HTTP/1.1", "http/1.0": "HTTP/1.0"}


def call_packet(name: str) -> str:
    """A traced packet's name in words."""
    return _PACKETS.get(name, name.replace("-", " "))


def in_ms(value: float | None) -> str:
    """Milliseconds: two decimals below 1, one below 100, none above; a dash for none."""
    if not value:
        return NONE if value is None else "0"
    decimals = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    return f"{value:,.{decimals}f}"


def in_bytes(value: float) -> str:
    """Bytes, or kB of 1,000 from 10,000 on."""
    return f"{value:,.0f} bytes" if value < 10_000 else f"{value / 1000:,.1f} kB"


def detail_rows(details: Mapping[str, Detail]) -> tuple[tuple[str, str], ...]:
    """Details for a table: `round_trip_ms`: 11.25 reads "round trip", "11.2 ms"."""
    return tuple(_detail_row(name, value) for name, value in details.items())


def _detail_row(name: str, value: Detail) -> tuple[str, str]:
    ending = next((e for e in _UNITS if name.endswith(e)), "")
    unit = f" {_UNITS[ending]}" if ending else ""
    return name.removesuffix(ending).replace("_", " "), f"{in_words(value)}{unit}"


def in_words(value: Detail) -> str:
    """A detail's value: yes and no for truth, commas between several."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return in_ms(value) if isinstance(value, float) else str(value)


def counted(count: int, noun: str) -> str:
    """ "1 step", "3 steps"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def summarise(journey: Journey) -> str:
    """A sentence: what was asked of whom, how it ended, how long it took, which caches helped; and
    one of what was in force, if anything was."""
    broken = f" In force: {'; '.join(journey.in_force)}." if journey.in_force else ""
    return f"{_outcome(journey)}{broken}"


def _outcome(journey: Journey) -> str:
    visit = journey.visit
    if visit.error:
        why = f" ({visit.error_detail})" if visit.error_detail else ""
        return (
            f"{visit.node} asked for {visit.url} and failed: {visit.error}{why}{_taken(journey)}."
        )
    over = _PROTOCOLS.get(visit.protocol or "", visit.protocol)
    whence = f" from {visit.remote_address}" if visit.remote_address else ""
    lacks = f", with {visit.shortfall}," if visit.missing else ""
    served = f"{visit.status} over {over}{whence}{lacks}"
    return (
        f"{visit.node} asked for {visit.url} and got {served}{_taken(journey)}, {_caches(journey)}."
    )


def duration_ms(journey: Journey) -> float:
    """From the start of the navigation to its end."""
    return (journey.ended_ns - journey.started_ns) / 1e6


def round_trip_ms(journey: Journey) -> float | None:
    """The round trip to the server, as the first TCP connection had it."""
    for step in journey.steps:
        value = step.details.get("round_trip_ms")
        if step.kind == tcp.KIND and isinstance(value, int | float) and value > 0:
            return float(value)
    return None


def _taken(journey: Journey) -> str:
    took, trip = duration_ms(journey), round_trip_ms(journey)
    said = f" in {in_ms(took)} ms"
    if trip is None:
        return said
    return f"{said} ({took / trip:.0f} round trips of {in_ms(trip)} ms)"


def _caches(journey: Journey) -> str:
    saved, cold = sum(1 for step in journey.steps if step.saved), journey.visit.cold
    emptied = "caches emptied first, the CDN's too" if cold == "all" else "caches emptied first"
    state = emptied if cold else "caches as they were"
    return (
        f"{state}; caches and open connections saved work at {counted(saved, 'step')}"
        if saved
        else state
    )


def slug(text: str) -> str:
    """A word as the anchor of a page."""
    return "".join(c if c.isalnum() else "-" for c in text.lower())


def short(value: float) -> str:
    """A limit without needless zeros."""
    return f"{value:g}"
