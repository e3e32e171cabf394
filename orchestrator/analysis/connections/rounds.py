"""A connection's data, round trip by round trip: how slow start opens the window (RFC 5681)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.analysis.packets.frames import ACK, RST, Frame

_WRAP = 1 << 32


@dataclass(frozen=True)
class Round:
    """Data segments that left within one round trip, in order.

    ``in_flight_bytes`` is the most that was sent and not yet acknowledged during it: what the
    congestion window was at least. 0 where the sender was not watched.
    """

    segments: tuple[Frame, ...]
    in_flight_bytes: int = 0

    @property
    def first(self) -> Frame:
        """The segment that opens it."""
        return self.segments[0]

    @property
    def size_bytes(self) -> int:
        """Octets of payload that its segments carried."""
        return sum(len(frame.payload) for frame in self.segments)


def after(a: int, b: int) -> int:
    """How far sequence number ``a`` is after ``b``; negative if before (RFC 9293, 3.4)."""
    return (a - b + _WRAP // 2) % _WRAP - _WRAP // 2


def rounds_at_sender(frames: Iterable[Frame]) -> tuple[Round, ...]:
    """Rounds of what a node sent: one ends when the first of its segments is acknowledged."""
    found: list[tuple[list[Frame], int]] = []
    acked = sent = None
    for frame in frames:
        if not frame.outbound:
            if frame.has(ACK) and not frame.has(RST):
                acked = frame.ack if acked is None or after(frame.ack, acked) > 0 else acked
        elif frame.payload:
            end = frame.seq + len(frame.payload)
            sent = end if sent is None or after(end, sent) > 0 else sent
            flying = after(sent, acked) if acked is not None else len(frame.payload)
            if found and (acked is None or after(acked, found[-1][0][0].seq) <= 0):
                segments, most = found[-1]
                found[-1] = ([*segments, frame], max(most, flying))
            else:
                found.append(([frame], flying))
    return tuple(Round(tuple(segments), most) for segments, most in found)


def rounds_at_receiver(frames: Sequence[Frame], round_trip_ms: float) -> tuple[Round, ...]:
    """Rounds of what a node received, cut by the time of a round trip; an estimate."""
    found: list[list[Frame]] = []
    for frame in frames:
        if frame.outbound or not frame.payload:
            continue
        if found and (frame.time_ns - found[-1][0].time_ns) / 1e6 < round_trip_ms:
            found[-1].append(frame)
        else:
            found.append([frame])
    return tuple(Round(tuple(segments)) for segments in found)
