"""Segments that a sender sent twice, as its own capture has them (RFC 9293, 3.8; RFC 6675, 8985).

At the sender there is no doubt: what has a sequence number that had been sent before is sent again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from orchestrator.analysis.connections.rounds import after
from orchestrator.analysis.packets.frames import ACK, FIN, IPV6, RST, SYN, Frame

# Linux waits no less than this and a round trip before it takes a segment for lost by time alone.
_LEAST_TIMEOUT_MS = 200.0
_ETHERNET, _TCP = 14, 20
_END_OF_OPTIONS, _NO_OPERATION, _SACK = 0, 1, 5


class Cause(Enum):
    """What made the sender send again, as far as packets show it."""

    HOLE = "ACKs that show a hole (SACK, fast retransmission)"
    PROBE = "a probe of the tail (TLP)"
    TIMER = "its timer (a retransmission timeout or a late probe)"


@dataclass(frozen=True)
class Repeat:
    """A segment (``first``) that was sent again; ``notice`` is the first ACK that misses it."""

    first: Frame
    again: Frame
    notice: Frame | None
    cause: Cause

    @property
    def later_ms(self) -> float:
        """How long after the first time."""
        return (self.again.time_ns - self.first.time_ns) / 1e6


def find_repeats(frames: Sequence[Frame]) -> tuple[Repeat, ...]:
    """What the node of these frames, which are of one connection, sent twice.

    A client's repeated SYN is left out: without an answer to it there is no connection yet.
    """
    sent: list[Frame] = []
    heard: list[Frame] = []
    found: list[Repeat] = []
    for frame in frames:
        if not frame.outbound:
            heard.append(frame)
        elif _size(frame) and not (frame.has(SYN) and not frame.has(ACK)) and not frame.has(RST):
            first = next((f for f in reversed(sent) if _covers(f, frame)), None)
            if first is not None and not _is_keepalive(frame, heard):
                found.append(_repeat(first, frame, heard))
            sent.append(frame)
    return tuple(found)


def group_bursts(repeats: Iterable[Repeat], gap_ms: float) -> list[list[Repeat]]:
    """Repeats that followed one another within ``gap_ms``."""
    bursts: list[list[Repeat]] = []
    for repeat in repeats:
        if bursts and (repeat.again.time_ns - bursts[-1][-1].again.time_ns) / 1e6 <= gap_ms:
            bursts[-1].append(repeat)
        else:
            bursts.append([repeat])
    return bursts


def _size(frame: Frame) -> int:
    """How far it moves the sequence number: SYN and FIN count as one."""
    return len(frame.payload) + frame.has(SYN) + frame.has(FIN)


def _covers(earlier: Frame, frame: Frame) -> bool:
    offset = after(frame.seq, earlier.seq)
    return 0 <= offset < _size(earlier)


def _has_hole(answer: Frame, segment: Frame) -> bool:
    """Whether an ACK says that what came after a segment is there, and it is not."""
    if after(answer.ack, segment.seq) > 0:
        return False
    return any(after(right, segment.seq) > 0 for _, right in sack_blocks(answer))


def sack_blocks(frame: Frame) -> list[tuple[int, int]]:
    """The blocks that an ACK says are there beyond it: (left, right) edges (RFC 2018, 3)."""
    data = frame.captured.data
    network = 40 if frame.ethertype == IPV6 else (data[14] & 0x0F) * 4 if len(data) > 14 else 0
    start = _ETHERNET + network
    if len(data) < start + _TCP:
        return []
    options = data[start + _TCP : start + (data[start + 12] >> 4) * 4]
    blocks: list[tuple[int, int]] = []
    while options and options[0] != _END_OF_OPTIONS:
        length = 1 if options[0] == _NO_OPERATION else max(2, *options[1:2], 2)
        if options[0] == _SACK:
            blocks += struct.iter_unpack("!II", options[2 : 2 + (length - 2) // 8 * 8])
        options = options[length:]
    return blocks


def _is_keepalive(frame: Frame, heard: list[Frame]) -> bool:
    """One byte that was acknowledged already asks whether the other end lives (RFC 9293, 3.8.4)."""
    acked = (f.ack for f in heard if f.has(ACK))
    return len(frame.payload) <= 1 and any(after(ack, frame.seq) > 0 for ack in acked)


def _repeat(first: Frame, again: Frame, heard: list[Frame]) -> Repeat:
    asking = [f for f in heard if first.time_ns < f.time_ns and _has_hole(f, first)]
    later_ms = (again.time_ns - first.time_ns) / 1e6
    by_time = Cause.PROBE if later_ms < _LEAST_TIMEOUT_MS else Cause.TIMER
    cause = Cause.HOLE if asking else by_time
    return Repeat(first, again, asking[0] if asking else None, cause)
