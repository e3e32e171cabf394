"""Segments that a sender sent twice, as its own capture has them (RFC 9293, 3.8; RFC 6675, 8985).

At the sender there is no doubt: what has a sequence number that had been sent before is sent again.
Unless a link there made a copy: that is the same packet to the last bit, timestamp included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from orchestrator.analysis.connections.options import sack_blocks
from orchestrator.analysis.connections.rounds import SEQUENCE_NUMBERS, after
from orchestrator.analysis.packets.copies import is_copy
from orchestrator.analysis.packets.frames import ACK, FIN, RST, SYN, Frame

# Linux waits no less than this and a round trip before it takes a segment for lost by time alone.
_LEAST_TIMEOUT_MS = 200.0


class Cause(Enum):
    """What made the sender send again, as far as packets show it."""

    HOLE = "ACKs that show a hole (SACK, fast retransmission)"
    PROBE = "a probe of the tail (TLP)"
    ASKED = "another SYN (the answer is given again)"
    TIMER = "its timer (a retransmission timeout or a late probe)"


@dataclass(frozen=True)
class Repeat:
    """A segment that was sent ``again``, as it had been ``first`` and the last time ``before``.

    ``notice`` is the first ACK since then that misses it.
    """

    first: Frame
    before: Frame
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
    end: int | None = None
    for frame in frames:
        if not frame.outbound:
            heard.append(frame)
        elif _size(frame) and not (frame.has(SYN) and not frame.has(ACK)) and not frame.has(RST):
            is_new = end is None or after(frame.seq, end) >= 0
            same = [] if is_new else [f for f in sent if _covers(f, frame)]
            if same and is_copy(frame, same[-1]):
                continue
            if same and not _is_keepalive(frame, heard):
                found.append(_repeat(same[0], same[-1], frame, heard))
            sent.append(frame)
            reach = (frame.seq + _size(frame)) % SEQUENCE_NUMBERS
            end = reach if end is None or after(reach, end) > 0 else end
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


def _is_keepalive(frame: Frame, heard: list[Frame]) -> bool:
    """One byte that was acknowledged already asks whether the other end lives (RFC 9293, 3.8.4)."""
    acked = (f.ack for f in heard if f.has(ACK))
    return len(frame.payload) <= 1 and any(after(ack, frame.seq) > 0 for ack in acked)


def _repeat(first: Frame, before: Frame, again: Frame, heard: list[Frame]) -> Repeat:
    since = [f for f in heard if before.time_ns < f.time_ns]
    asking = [f for f in since if _has_hole(f, before)]
    waited_ms = (again.time_ns - before.time_ns) / 1e6
    cause = Cause.PROBE if waited_ms < _LEAST_TIMEOUT_MS else Cause.TIMER
    if asking:
        cause = Cause.HOLE
    elif again.has(SYN) and any(f.has(SYN) for f in since):
        cause = Cause.ASKED
    return Repeat(first, before, again, asking[0] if asking else None, cause)
