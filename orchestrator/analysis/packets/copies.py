"""What links do to packets on purpose or by accident, seen in the packets: copies, and damage."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import FIN, IPV4, SYN, TCP, Frame

_ETHERNET, _IDENTIFICATION = 14, slice(18, 20)
_TIMESTAMPS = b"\x08\x0a"


def is_copy(frame: Frame, earlier: Frame) -> bool:
    """Whether a frame is the same packet as one that left before it, made twice below TCP.

    Whoever sends again writes another identification (IPv4) or timestamp (RFC 7323) into it. Of
    packets without either nobody can know, and it is taken for sent again.
    """
    return frame.identity == earlier.identity != 0 and is_told_apart(frame)


def is_told_apart(frame: Frame) -> bool:
    """Whether a packet differs from another that the same node sends of the same content."""
    data = frame.captured.data
    if frame.ethertype == IPV4 and data[_IDENTIFICATION] not in (b"", b"\0\0"):
        return True
    # Of bare ACKs several may leave within the tick of a timestamp.
    counts = bool(frame.payload) or frame.has(SYN) or frame.has(FIN)
    header = data[: len(data) - len(frame.payload)]
    return frame.protocol == TCP and counts and _TIMESTAMPS in header[_ETHERNET:]


def is_damaged(sent: Frame, came: Frame) -> bool:
    """Whether a frame came over a link with one bit changed, as links damage them here."""
    before, after = sent.captured.data, came.captured.data
    if before == after or len(before) != len(after):
        return False
    return (int.from_bytes(before) ^ int.from_bytes(after)).bit_count() == 1
