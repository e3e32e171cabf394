"""Slow start: how much came with each round trip (RFC 5681, 3.1; initial window: RFC 6928)."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import Peer, find_peer, how_many, in_words
from orchestrator.analysis.connections.repeats import find_repeats
from orchestrator.analysis.connections.round_trip import round_trip_ms
from orchestrator.analysis.connections.rounds import (
    INITIAL_SEGMENTS,
    Round,
    after,
    rounds_at_sender,
)
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.story import Connection, Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.http import FIELDS as HTTP_FIELDS

KIND = "slow_start"
# Flights that are told one by one; what comes after them is summed up.
_TOLD_ROUNDS = 8


def _tell(story: Story) -> Iterator[Step]:
    """Of each connection whose window made its server wait: without that nothing starts slowly."""
    for connection in story.connections:
        peer = find_peer(story, connection)
        trip_ms = round_trip_ms(story, connection)
        begin = _first_response(story, connection)
        sent = [f for f in peer.frames if not f.outbound or _is_content(f, begin)]
        rounds = rounds_at_sender(sent, trip_ms or 0.0)
        held = _held(peer, rounds)
        if held:
            yield _step(story, peer, rounds, held, trip_ms)


def _is_content(frame: Frame, begin: int | None) -> bool:
    """Whether it is no earlier than the first response: handshake and tickets fill no window."""
    return begin is None or after(frame.seq, begin) >= 0


def _first_response(story: Story, connection: Connection) -> int | None:
    """Where it begins; None where it cannot be read."""
    numbers = {frame.number for frame in connection.frames}
    messages = story.messages.get(story.client.name, ())
    first = (m.first.seq for m in messages if not m.is_request and m.first.number in numbers)
    return next(first, None)


def _held(peer: Peer, rounds: tuple[Round, ...]) -> list[Round]:
    """Flights that the window ended, up to the first loss: from there on it shrinks."""
    lost_ns = min((repeat.again.time_ns for repeat in find_repeats(peer.frames)), default=None)
    held = (r for r in rounds if r.is_held)
    return [r for r in held if lost_ns is None or r.segments[-1].time_ns < lost_ns]


def _step(
    story: Story, peer: Peer, rounds: tuple[Round, ...], held: list[Round], trip_ms: float | None
) -> Step:
    total = sum(r.size_bytes for r in rounds)
    flights = how_many(len(rounds), "flight")
    trip = f" (a round trip takes {trip_ms:.1f} ms)" if trip_ms is not None else ""
    told = (
        f"{peer.called} sends {total:,} bytes of responses to {story.client.name} in {flights}: "
        f"what it sends before the first of it is acknowledged{trip}. {_list(rounds)}. "
        f"{_windows(rounds, held)}{_peak(rounds)}"
    )
    return Step(
        kind=KIND,
        title=f"Slow start: {total / 1000:.0f} kB in {flights}, {len(held)} held by the window",
        told=told,
        nodes=(peer.node, story.client.name) if peer.node else (story.client.name,),
        start_ns=rounds[0].first.time_ns,
        end_ns=rounds[-1].segments[-1].time_ns,
        proofs=tuple(_proofs(rounds, held)),
        details={
            "bytes": total,
            "flights": len(rounds),
            "held": len(held),
            "flight_bytes": tuple(str(r.size_bytes) for r in rounds),
            "flight_segments": tuple(str(len(r.segments)) for r in rounds),
            "in_flight_bytes": tuple(str(r.in_flight_bytes) for r in rounds),
        },
        terms=("slow start", "congestion window", "round trip"),
        milestone=f"{peer.short} sends its first response",
    )


def _proofs(rounds: tuple[Round, ...], held: list[Round]) -> Iterator[Proof]:
    """What opens each flight, and what the window let out only then."""
    waited = {rounds.index(r) + 1 for r in held}
    for place, r in enumerate(rounds[:_TOLD_ROUNDS]):
        shows = f"tcp.seq_raw == {r.first.seq} && tcp.len == {len(r.first.payload)}"
        says = ", held until an ACK made room" if place in waited else ""
        yield proof(r.first, shows, f"first segment of flight {place + 1}{says}")


def _list(rounds: tuple[Round, ...]) -> str:
    told = [f"{r.size_bytes:,} ({how_many(len(r.segments), 'segment')})" for r in rounds]
    rest = rounds[_TOLD_ROUNDS:]
    if rest:
        last = f"{sum(r.size_bytes for r in rest):,} in {how_many(len(rest), 'more flight')}"
        told = [*told[:_TOLD_ROUNDS], last]
    return f"Bytes by flight: {in_words(told)}"


def _windows(rounds: tuple[Round, ...], held: list[Round]) -> str:
    """Which flights had to wait, and how full the window was then."""
    sizes = in_words(f"{r.in_flight_bytes:,}" for r in held[:_TOLD_ROUNDS])
    places = in_words(str(rounds.index(r) + 1) for r in held[:_TOLD_ROUNDS])
    flight = "flight" if len(held) == 1 else "flights"
    return (
        f"A sender may begin with {INITIAL_SEGMENTS} segments (RFC 6928). The window held "
        f"{flight} {places}: with {sizes} bytes under way, more had to wait for an ACK."
    )


def _peak(rounds: tuple[Round, ...]) -> str:
    most = max(r.in_flight_bytes for r in rounds)
    place = next(n for n, r in enumerate(rounds, start=1) if r.in_flight_bytes == most)
    return f" The most that was under way at once was {most:,} bytes, in flight {place}."


TELLER = Teller(KIND, _tell, HTTP_FIELDS, minor=(KIND,), beside=True)
