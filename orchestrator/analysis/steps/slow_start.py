"""Slow start: how much came with each round trip (RFC 5681, 3.1; initial window: RFC 6928)."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import (
    Peer,
    find_peer,
    how_many,
    in_words,
    round_trip_ms,
)
from orchestrator.analysis.connections.rounds import Round, rounds_at_receiver, rounds_at_sender
from orchestrator.analysis.step import Step
from orchestrator.analysis.story import Connection, Story, proof
from orchestrator.analysis.teller import Teller

KIND = "slow_start"
_WORTH_BYTES = 30_000
_INITIAL_SEGMENTS = 10
# Rounds that are told one by one; what comes after them is summed up.
_TOLD_ROUNDS = 8


def _tell(story: Story) -> Iterator[Step]:
    for connection in story.connections:
        main = story.main_connection
        carried = sum(len(f.payload) for f in connection.frames if not f.outbound)
        is_main = main is not None and main.frames[0] == connection.frames[0]
        if carried > _WORTH_BYTES or (is_main and carried and story.visit.status is not None):
            yield from _growth(story, connection)


def _growth(story: Story, connection: Connection) -> Iterator[Step]:
    peer = find_peer(story, connection)
    trip_ms = round_trip_ms(connection)
    rounds = rounds_at_sender(peer.frames)
    if not rounds and trip_ms is not None:
        rounds = rounds_at_receiver(connection.frames, trip_ms)
    if rounds:
        yield _step(story, peer, rounds, trip_ms)


def _step(story: Story, peer: Peer, rounds: tuple[Round, ...], trip_ms: float | None) -> Step:
    total = sum(r.size_bytes for r in rounds)
    largest = max(rounds, key=lambda r: r.size_bytes)
    trip = f" (a round trip takes {trip_ms:.1f} ms)" if trip_ms is not None else ""
    seen = "" if peer.frames else " The server was not watched: this is as the client saw it."
    told = (
        f"{peer.called} sends {total:,} bytes to {story.client.name} in "
        f"{how_many(len(rounds), 'round')}: what it sends before the first of it is acknowledged"
        f"{trip}. {_list(rounds)}. {_first_window(rounds)}{_peak(rounds)}{seen}"
    )
    return Step(
        kind=KIND,
        title=f"Slow start: {total / 1000:.0f} kB in {how_many(len(rounds), 'round')}",
        told=told,
        nodes=(peer.node, story.client.name) if peer.node else (story.client.name,),
        start_ns=rounds[0].first.time_ns,
        end_ns=rounds[-1].segments[-1].time_ns,
        proofs=tuple(
            proof(
                r.first,
                f"tcp.seq_raw == {r.first.seq} && tcp.len == {len(r.first.payload)}",
                f"first segment of round {place}",
            )
            for place, r in enumerate(rounds[:_TOLD_ROUNDS], start=1)
        ),
        details={
            "bytes": total,
            "rounds": len(rounds),
            "round_bytes": tuple(str(r.size_bytes) for r in rounds),
            "round_segments": tuple(str(len(r.segments)) for r in rounds),
            "in_flight_bytes": tuple(str(r.in_flight_bytes) for r in rounds if r.in_flight_bytes),
            "largest_round": rounds.index(largest) + 1,
        },
        terms=("slow start", "congestion window", "round trip"),
        milestone=f"{peer.short} sends its first data",
    )


def _list(rounds: tuple[Round, ...]) -> str:
    told = [f"{r.size_bytes:,} ({how_many(len(r.segments), 'segment')})" for r in rounds]
    rest = rounds[_TOLD_ROUNDS:]
    if rest:
        last = f"{sum(r.size_bytes for r in rest):,} in {how_many(len(rest), 'more round')}"
        told = [*told[:_TOLD_ROUNDS], last]
    return f"Bytes by round: {in_words(told)}"


def _first_window(rounds: tuple[Round, ...]) -> str:
    """What the rounds say of the initial window."""
    begin = f"A sender may begin with {_INITIAL_SEGMENTS} segments (RFC 6928)"
    places = (n for n, r in enumerate(rounds) if len(r.segments) >= _INITIAL_SEGMENTS)
    place = next(places, None)
    if place is None:
        return f"{begin}, and no round needed as many: nothing waited for the window."
    count = len(rounds[place].segments)
    return f"{begin}; round {place + 1} is the first that sends as many, namely {count}."


def _peak(rounds: tuple[Round, ...]) -> str:
    most = max(r.in_flight_bytes for r in rounds)
    if not most or max(len(r.segments) for r in rounds) < _INITIAL_SEGMENTS:
        return ""
    place = next(n for n, r in enumerate(rounds, start=1) if r.in_flight_bytes == most)
    ending = "the last" if place == len(rounds) else "and no later round had as much to send"
    return (
        f" The congestion window was at least {most:,} bytes: so much was under way at once in "
        f"round {place}, {ending}."
    )


TELLER = Teller(KIND, _tell, minor=(KIND,), beside=True)
