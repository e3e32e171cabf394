"""TCP's options, read from a frame's bytes (RFC 9293, 3.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from orchestrator.analysis.packets.frames import IPV6, Frame

_ETHERNET, _TCP = 14, 20
_END_OF_OPTIONS, _NO_OPERATION, _SACK, _TIMESTAMPS = 0, 1, 5, 8


def sack_blocks(frame: Frame) -> list[tuple[int, int]]:
    """The blocks that an ACK says are there beyond it: (left, right) edges (RFC 2018, 3)."""
    found = (value for kind, value in _options(frame) if kind == _SACK)
    return [
        block for value in found for block in struct.iter_unpack("!II", value[: len(value) & ~7])
    ]


def timestamps(frame: Frame) -> tuple[int, int] | None:
    """TSval, the sender's clock, and TSecr, the last one it heard (RFC 7323, 3.2)."""
    values = (value for kind, value in _options(frame) if kind == _TIMESTAMPS and len(value) == 8)
    found = next(values, None)
    return None if found is None else struct.unpack("!II", found)


def _options(frame: Frame) -> Iterator[tuple[int, bytes]]:
    """Kind and value of each, up to the end or to the first that is cut short."""
    data = frame.captured.data
    network = 40 if frame.ethertype == IPV6 else (data[14] & 0x0F) * 4 if len(data) > 14 else 0
    start = _ETHERNET + network
    if len(data) < start + _TCP:
        return
    options = data[start + _TCP : start + (data[start + 12] >> 4) * 4]
    while len(options) > 1 and options[0] != _END_OF_OPTIONS:
        length = 1 if options[0] == _NO_OPERATION else max(2, options[1])
        yield options[0], options[2:length]
        options = options[length:]
