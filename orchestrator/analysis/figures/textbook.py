"""A visit's times beside the ranges that textbooks give.

What takes round trips is counted in those: its time, divided by that of the connection's own SYN
and SYN-ACK. Ranges leave room for what the two ends compute. All are times: what is quicker than
the range is as good as what lies in it. What failed is compared with nothing, since a quick failure
is no merit. Where they are from: TCP and TLS, RFC 9293 and RFC 8446, 2; the first byte,
https://web.dev/articles/ttfb; the others are what courses on web performance teach, and hold for
orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.analysis.connections.handshake import TLS_1_3, Handshake, read_handshake
from orchestrator.analysis.connections.peers import (
    answers_of,
    dissections_of,
    find_peer,
    how_many,
    in_words,
    is_syn,
    round_trip_ms,
)
from orchestrator.analysis.connections.repeats import Repeat, find_repeats
from orchestrator.analysis.names.lookups import DnsExchange, Questions
from orchestrator.analysis.story import Connection, Story
from orchestrator.analysis.web.fetch import Fetch, find_fetches

_COLD_DNS_MS, _CACHED_DNS_MS = (20.0, 100.0), (0.0, 5.0)
_TCP_TRIPS = (0.9, 1.5)
_FIRST_BYTE_MS = (0.0, 800.0)
_NEAR_PAGE_MS, _FAR_PAGE_MS = (100.0, 400.0), (500.0, 2000.0)
# A round trip within a region, and one to another continent.
_NEAR_MS, _FAR_MS = 40.0, 60.0
# Why a range is not held against a figure.
_OTHER_CASE, _FAILED = "this is another case", "this one failed"


@dataclass(frozen=True)
class Comparison:
    """A figure and its usual range, in milliseconds; ``unit`` is "ms" or "RTT".

    ``within`` says that it took no longer than ``high``: faster than ``low`` is good too. None is
    where they do not compare: the case is not this visit's (an edge that had to ask its origin), or
    what was measured failed.
    """

    name: str
    measured: float
    low: float
    high: float
    unit: str
    within: bool | None
    told: str


def compare_with_textbook(story: Story) -> tuple[Comparison, ...]:
    """What the literature says of each figure that this visit has."""
    return tuple(_comparisons(story))


def _comparisons(story: Story) -> Iterator[Comparison]:
    yield from _dns(story)
    connection = story.main_connection
    trip_ms = round_trip_ms(connection) if connection else None
    if connection is not None and trip_ms:
        yield _tcp(story, connection, trip_ms)
        yield from _tls(story, connection, trip_ms)
    yield from _first_byte(story)
    if story.visit.client == "chromium" and story.visit.timings_ms.load is not None:
        yield from _page(story, trip_ms)


def _compare(
    name: str,
    measured: float,
    usual: tuple[float, float],
    unit: str,
    case: str,
    why: str = "",
    apart: str = "",
) -> Comparison:
    """``case`` is what the range is for, ``why`` what the evidence says of a figure beyond it, and
    ``apart`` why they do not compare, if they do not."""
    low, high = usual
    within = None if apart else measured <= high
    places = 1 if unit == "RTT" else 0
    usually = f"{low:.{places}f} to {high:.{places}f} {unit}"
    verdict = apart or _verdict(measured, low, high)
    told = f"{name} took {measured:.1f} {unit}; {case} takes {usually}: {verdict}."
    return Comparison(
        name, round(measured, 2), low, high, unit, within, told + (why if not within else "")
    )


def _verdict(measured: float, low: float, high: float) -> str:
    if measured > high:
        return "this was longer"
    return "this was quicker" if measured < low else "as usual"


def _dns(story: Story) -> Iterator[Comparison]:
    questions = Questions(story)
    lookup = _lookup(story, questions)
    if lookup is None:
        return
    start_ns, end_ns, found = lookup
    asking = _askers(story, questions, start_ns, end_ns)
    name = "a name that is in no cache"
    if not asking:
        name, usual = "a name from a cache nearby", _CACHED_DNS_MS
    else:
        usual = _COLD_DNS_MS
    said = ", ".join(f"{node} asked {how_many(count, 'question')}" for node, count in asking)
    why = (f" For it {said}." if said else "") + _lost_queries(story, questions, (start_ns, end_ns))
    # A gateway that asks its resolver, which knows: between the two cases.
    apart = _OTHER_CASE if len(asking) == 1 else ""
    if not found or story.visit.error == "dns":
        apart = _FAILED
    yield _compare("DNS", (end_ns - start_ns) / 1e6, usual, "ms", name, why, apart)


def _lookup(story: Story, questions: Questions) -> tuple[int, int, bool] | None:
    """From the client's first question about the host to the answer that it went on with, and
    whether any answer was a good one."""
    host = (urlsplit(story.visit.url).hostname or "").lower()
    opened_ns = min((c.opened_ns for c in story.connections), default=story.ended_ns)
    mine = [
        e
        for e in questions.by(story.client.name)
        if e.name.rstrip(".").lower() == host and story.started_ns <= e.asked_ns <= opened_ns
    ]
    answers = [e.answer for e in mine if e.answer and e.answer.frame.time_ns <= opened_ns]
    if not answers:
        return None
    end_ns = max(answer.frame.time_ns for answer in answers)
    return mine[0].asked_ns, end_ns, any(answer.rcode == "NOERROR" for answer in answers)


def _askers(
    story: Story, questions: Questions, start_ns: int, end_ns: int
) -> list[tuple[str, int]]:
    """Who asked others meanwhile, and how often: gateway and resolver, if they had to."""
    nodes = (node for node in story.evidence.dissections if node != story.client.name)
    asked = ((n, [e for e in questions.by(n) if start_ns < e.asked_ns < end_ns]) for n in nodes)
    return [(node, len(found)) for node, found in asked if found]


def _lost_queries(story: Story, questions: Questions, span: tuple[int, int]) -> str:
    """Where questions that were asked meanwhile, or answers to them, were lost."""
    places: dict[str, None] = {}
    for node in story.evidence.dissections:
        for entry in questions.by(node):
            if span[0] <= entry.asked_ns <= span[1] and entry.answer is None:
                places |= dict.fromkeys(_places(story, questions, entry))
    return f" Of questions and answers, some were lost {in_words(places)}." if places else ""


def _places(story: Story, questions: Questions, entry: DnsExchange) -> Iterator[str]:
    received = questions.received(entry)
    frames = [entry.query.frame]
    if received is not None and received[1].answer is not None:
        frames.append(received[1].answer.frame)
    yield from filter(None, (story.tracks.of(frame).lost for frame in frames))


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
    return _compare("TCP", measured_ms / trip_ms, _TCP_TRIPS, "RTT", "a TCP handshake", why)


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
    measured = (ends[-1].frame.time_ns - start_ns) / 1e6 / trip_ms
    usual = (trips * 0.8, trips + 1.0)
    case = f"{'TLS 1.3' if found.version == TLS_1_3 else 'TLS up to 1.2'}{_kind(found)}"
    repeats = _repeats(story, connection, start_ns, ends[-1].frame.time_ns)
    apart = _FAILED if story.visit.error == "tls" else ""
    yield _compare("TLS", measured, usual, "RTT", case, repeats, apart)


def _kind(found: Handshake) -> str:
    if found.is_early:
        return ", resumed with early data,"
    return ", resumed," if found.is_resumed else ""


def _repeats(story: Story, connection: Connection, start_ns: int, end_ns: int) -> str:
    """Segments that had to be sent again in that time."""
    found: list[Repeat] = [*find_repeats(connection.frames)]
    found += find_repeats(find_peer(story, connection).frames)
    late = [r for r in found if start_ns <= r.again.time_ns <= end_ns]
    if not late:
        return ""
    return f" {how_many(len(late), 'segment')} had to be sent again."


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
    why = f" DNS alone took {dns_ms:.0f} ms." if dns_ms > _COLD_DNS_MS[1] else ""
    if documents and documents[-1].cache == "MISS":
        why += " The edge had to ask the origin (MISS)."
    case = "a page that feels quick"
    # An error page is no page, however soon it comes.
    apart = _FAILED if story.visit.error == "http" else ""
    yield _compare("The first byte", first_ms, _FIRST_BYTE_MS, "ms", case, why, apart)


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
        is_case = trip_ms < _NEAR_MS and not missed
        case, usual = "a page from an edge nearby", _NEAR_PAGE_MS
    else:
        is_case = trip_ms > _FAR_MS
        case, usual = "a page from another continent without a CDN", _FAR_PAGE_MS
    apart = _FAILED if story.visit.error else "" if is_case else _OTHER_CASE
    yield _compare("The page", load_ms, usual, "ms", case, trip + missed + _losses(story), apart)


def _origin(story: Story) -> str:
    fetches = find_fetches(story)
    missed = [f for f in (*fetches.documents, *fetches.resources) if _is_missed(story, f)]
    if not missed:
        return ""
    return f" The edge had to ask the origin for {how_many(len(missed), 'response')} (MISS)."


def _is_missed(story: Story, fetch: Fetch) -> bool:
    asked = fetch.asked
    in_time = asked is None or asked.request.time_ns < story.ended_ns
    return fetch.cache == "MISS" and in_time


def _losses(story: Story) -> str:
    late = (_repeats(story, c, story.started_ns, story.ended_ns) for c in story.connections)
    return next((text for text in late if text), "")
