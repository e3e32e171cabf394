"""A connection's data, flight by flight: how slow start opens the window (RFC 5681)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.analysis.packets.frames import ACK, RST, Frame

SEQUENCE_NUMBERS = 1 << 32
# A sender may begin with so many segments (RFC 6928): fewer under way are no full window.
INITIAL_SEGMENTS = 10
# So soon after an ACK goes what waited for it; paced, in so small a part of a round trip.
_AT_ONCE_MS, _PACED = 1.0, 0.05


@dataclass(frozen=True)
class Round:
    """A flight: data segments that left within one round trip, in order; none twice.

    ``in_flight_bytes`` is the most that was sent and not yet acknowledged during it: what the
    congestion window was at least. ``is_held`` says that the window ended it: the next segment
    left as soon as an ACK made room, and nothing else came.
    """

    segments: tuple[Frame, ...]
    in_flight_bytes: int
    is_held: bool = False

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
    return (a - b + SEQUENCE_NUMBERS // 2) % SEQUENCE_NUMBERS - SEQUENCE_NUMBERS // 2


def end_of(frame: Frame) -> int:
    """The sequence number behind a segment's payload."""
    return (frame.seq + len(frame.payload)) % SEQUENCE_NUMBERS


def rounds_at_sender(frames: Iterable[Frame], round_trip_ms: float) -> tuple[Round, ...]:
    """Flights of what a node sent: one ends when the first of its segments is acknowledged."""
    return tuple(_Sender(round_trip_ms).watch(frames))


class _Sender:
    """What a node has sent, and what of it is acknowledged."""

    def __init__(self, round_trip_ms: float) -> None:
        self._soon_ns = max(_AT_ONCE_MS, _PACED * round_trip_ms) * 1e6
        self._flying: list[Frame] = []
        self._acked: int | None = None
        self._sent: int | None = None
        # When an ACK made room in a full window, and nothing else has come since; 0: none did.
        self._room_ns = 0
        self._found: list[Round] = []

    def watch(self, frames: Iterable[Frame]) -> list[Round]:
        for frame in frames:
            if not frame.outbound:
                self._hear(frame)
            elif frame.payload and (self._sent is None or after(frame.seq, self._sent) >= 0):
                self._send(frame)
        return self._found

    def _hear(self, frame: Frame) -> None:
        if not frame.has(ACK) or frame.has(RST):
            return
        was_full = len(self._flying) >= INITIAL_SEGMENTS
        if self._acked is None or after(frame.ack, self._acked) > 0:
            self._acked = frame.ack
            self._flying = [f for f in self._flying if after(end_of(f), frame.ack) > 0]
            self._room_ns = frame.time_ns if was_full else self._room_ns
        if frame.payload:  # it may ask for what is sent next
            self._room_ns = 0

    def _send(self, frame: Frame) -> None:
        self._flying.append(frame)
        self._sent = end_of(frame)
        size = after(self._sent, self._acked) if self._acked is not None else len(frame.payload)
        last = self._found[-1] if self._found else None
        if last and (self._acked is None or after(self._acked, last.first.seq) <= 0):
            most = max(last.in_flight_bytes, size)
            self._found[-1] = Round((*last.segments, frame), most)
        else:
            if last:
                is_held = 0 <= frame.time_ns - self._room_ns <= self._soon_ns
                self._found[-1] = Round(last.segments, last.in_flight_bytes, is_held)
            self._found.append(Round((frame,), size))
        self._room_ns = 0
