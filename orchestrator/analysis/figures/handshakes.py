"""A visit's round trip and handshakes beside the textbook's."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.handshake import TLS_1_3, Handshake, read_handshake
from orchestrator.analysis.connections.peers import (
    answers_of,
    dissections_of,
    find_peer,
    how_many,
    in_words,
    is_syn,
)
from orchestrator.analysis.connections.repeats import Repeat, find_repeats
from orchestrator.analysis.connections.round_trip import round_trip_ms
from orchestrator.analysis.figures.usual import FAILED, Comparison, compare, compare_trips
from orchestrator.analysis.story import Connection, Story

_TCP_TRIPS = (0.9, 1.5)
_NEAR_TRIP_MS, _FAR_TRIP_MS = (5.0, 20.0), (100.0, 300.0)
# A round trip within a region; beyond it is another continent.
NEAR_MS = 40.0


def compare_handshakes(story: Story) -> Iterator[Comparison]:
    """Of the connection that brought the document: its round trip, TCP's and TLS's handshakes."""
    connection = story.main_connection
    trip_ms = round_trip_ms(story, connection) if connection else None
    if connection is not None and trip_ms:
        yield _trip(trip_ms)
        yield _tcp(story, connection, trip_ms)
        yield from _tls(story, connection, trip_ms)


def _trip(trip_ms: float) -> Comparison:
    case, usual = "one to a server nearby", _NEAR_TRIP_MS
    if trip_ms > NEAR_MS:
        case, usual = "one to another continent", _FAR_TRIP_MS
    return compare("A round trip", trip_ms, usual, case)


def _tcp(story: Story, connection: Connection, trip_ms: float) -> Comparison:
    measured_ms = story.visit.timings_ms.connect
    tried = [c for c in story.connections if c.opened_ns < connection.opened_ns]
    vain = [c for c in tried if not answers_of(c)]
    if not measured_ms:
        measured_ms = (answers_of(connection)[0].time_ns - connection.opened_ns) / 1e6
    syns = [f for f in connection.frames if is_syn(f)]
    why = ""
    if vain:
        where = in_words(dict.fromkeys(str(c.frames[0].target_address) for c in vain))
        why = f" {where} did not answer, which cost the time before the next address was tried."
    elif len(syns) > 1:
        why = " A SYN was lost and had to be sent again."
    return compare_trips("TCP", measured_ms, trip_ms, _TCP_TRIPS, "a TCP handshake", why)


def _tls(story: Story, connection: Connection, trip_ms: float) -> Iterator[Comparison]:
    entries = [*dissections_of(story, connection.frames)]
    found = read_handshake(entries)
    if found is None or found.answer is None or found.finished is None:
        return
    start_ns = found.hello.frame.time_ns
    ends = [found.flight_end] if found.flight_end else []
    if found.version != TLS_1_3:  # its second round trip begins with the client's Finished
        sent = found.finished.frame
        later = (e for e in entries if e.frame.number > sent.number and e.has("tls"))
        ends = [e for e in later if not e.frame.outbound][:1]
    if not ends:
        return
    trips = found.round_trips
    measured_ms = (ends[-1].frame.time_ns - start_ns) / 1e6
    usual = (trips * 0.8, trips + 1.0)
    case = f"{'TLS 1.3' if found.version == TLS_1_3 else 'TLS up to 1.2'}{_kind(found)}"
    repeats = tell_repeats(story, connection, start_ns, ends[-1].frame.time_ns)
    apart = FAILED if story.visit.error == "tls" else ""
    yield compare_trips("TLS", measured_ms, trip_ms, usual, case, repeats, apart)


def _kind(found: Handshake) -> str:
    if found.is_early:
        return ", resumed with early data,"
    return ", resumed," if found.is_resumed else ""


def tell_repeats(story: Story, connection: Connection, start_ns: int, end_ns: int) -> str:
    """Segments that had to be sent again in that time."""
    found: list[Repeat] = [*find_repeats(connection.frames)]
    found += find_repeats(find_peer(story, connection).frames)
    late = [r for r in found if start_ns <= r.again.time_ns <= end_ns]
    if not late:
        return ""
    return f" {how_many(len(late), 'segment')} had to be sent again."
