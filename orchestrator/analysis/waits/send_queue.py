"""Who held up what a server had to send: the server, or TCP's window (RFC 9293, 3.8; RFC 5681).

What a server writes while the window is used up stays in its send queue until an ACK lets out more;
what the window has room for may be spread over a round trip (pacing). In a capture at the server
that looks like a server that takes its time. But what was held leaves with an ACK or at the pace of
what left before it, and until then something was under way all the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from orchestrator.analysis.connections.rounds import after
from orchestrator.analysis.packets.frames import ACK, Frame

# What an ACK lets out leaves within this; or the server, once it is woken to write more.
_AT_ONCE_NS = 2_000_000
_ONE_BURST_NS = 200_000
# Pauses of one pace are alike, and to be a pace they must be some.
_ALIKE, _PAUSES = 1.5, 2


def is_held_by_window(
    frames: Sequence[Frame], since_ns: int, first: Frame, *, was_written: bool = False
) -> bool:
    """Whether what leaves with ``first`` waited for the window, from ``since_ns`` on.

    ``frames`` are those of its connection, both ways, as its sender saw them; ``was_written`` is
    whether the sender is known to have handed it to its kernel before it left.
    """
    before = [f for f in frames if f.time_ns <= first.time_ns and f.number < first.number]
    if _was_idle(before, since_ns):
        return False
    return (
        was_written
        or _leaves_with_an_ack(before, first)
        or _leaves_in_pace(before, since_ns, first)
    )


def _leaves_with_an_ack(before: Sequence[Frame], first: Frame) -> bool:
    """Itself, or the first of the segments that leave one after the other and of which it is."""
    begun_ns = first.time_ns
    for frame in reversed(before):
        if begun_ns - frame.time_ns > _AT_ONCE_NS:
            return False
        if frame.outbound and frame.payload:
            begun_ns = frame.time_ns
        elif not frame.outbound and frame.has(ACK) and not frame.payload:
            return True
    return False


def _leaves_in_pace(before: Sequence[Frame], since_ns: int, first: Frame) -> bool:
    """Whether the pause before it is like those between what left from ``since_ns`` on."""
    left = [f.time_ns for f in before if f.outbound and f.payload and f.time_ns > since_ns]
    pauses = [b - a for a, b in pairwise([*left, first.time_ns]) if b - a > _ONE_BURST_NS]
    return len(pauses) > _PAUSES and pauses[-1] <= _ALIKE * max(pauses[:-1])


def _was_idle(before: Sequence[Frame], since_ns: int) -> bool:
    """Whether from ``since_ns`` on there was a moment with all acknowledged: the window was open
    then, and what did not leave was not there."""
    sent: int | None = None
    acked: int | None = None
    idle = True
    for frame in before:
        if frame.time_ns > since_ns and idle:
            return True
        if frame.outbound and frame.payload:
            end = (frame.seq + len(frame.payload)) % 2**32
            sent = end if sent is None or after(end, sent) > 0 else sent
        elif not frame.outbound and frame.has(ACK):
            acked = frame.ack if acked is None or after(frame.ack, acked) > 0 else acked
        idle = sent is None or (acked is not None and after(sent, acked) <= 0)
    return idle
