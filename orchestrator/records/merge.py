"""All nodes' captures in one file, `journey.pcapng`: every frame in the order of time.

The result is one section with every interface described once, frames and their options as they
stand in the nodes' files, TLS secrets and names once, and the counts of drops. Frames seen in the
same nanosecond follow in the order of the files' names, then of their numbers; `runs/read.py`
numbers frames by the same rule. Bytes in, bytes out; formats are those of capmux (pcapng.py cites
them).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from orchestrator.errors import LabError
from orchestrator.records.pcapng import (
    DECRYPTION_SECRETS,
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS,
    NAME_RESOLUTION,
    SECTION_HEADER,
    Block,
    encode_text,
    parse_interface,
    read_options,
    read_spans,
    refuse_untimed,
)

JOURNEY = "journey.pcapng"

_COMMENT, _SHB_USERAPPL, _ISB_IFDROP = 1, 4, 5
_END_OF_OPTIONS = bytes(4)
_INT = struct.Struct("<I")
_PLACE = struct.Struct("<3I")  # of a frame: its interface, and its time in two halves
# Time in ns, the file, where the block begins and ends there, and the interface in the result.
_Frame = tuple[int, bytes, int, int, int]


@dataclass
class _Gathered:
    """What was read so far; dictionaries are keyed by a block's bytes, which makes them sets."""

    interfaces: dict[bytes, int] = field(default_factory=dict)
    shared: dict[bytes, None] = field(default_factory=dict)
    frames: list[_Frame] = field(default_factory=list)
    statistics: list[bytes] = field(default_factory=list)
    drops: dict[str, int] = field(default_factory=dict)
    cut_off: list[str] = field(default_factory=list)


def merge(files: Mapping[str, bytes], comments: Mapping[int, str] | None = None) -> bytes:
    """One pcapng file of several, by their names (`laptop.pcapng`).

    ``comments`` are put at frames by their number in the result, from 1; Wireshark shows them.
    What is missing, drops and the ends of files that were cut off, stands in the comments of the
    section. Raises LabError, with the file's name, for one that is not capmux's or is damaged.
    """
    gathered = _Gathered()
    for name in sorted(files):
        try:
            _gather(gathered, name, files[name])
        except LabError as error:
            raise LabError(f"{name}: {error.message}", error.hint) from error
    gathered.frames.sort(key=itemgetter(0))
    return b"".join(
        [
            _section(gathered),
            *gathered.interfaces,
            *gathered.shared,
            *_frames(gathered.frames, comments or {}),
            *gathered.statistics,
        ]
    )


def _gather(gathered: _Gathered, name: str, data: bytes) -> None:
    """Add one file. An interface's number counts within its section."""
    numbers: list[int] = []
    frames, end = gathered.frames, 0
    for kind, start, end, order in read_spans(data):
        if order != "<":
            raise LabError("the capture is big-endian; capmux writes none such")
        if kind == ENHANCED_PACKET:
            index, high, low = _PLACE.unpack_from(data, start + 8)
            frames.append((high << 32 | low, data, start, end, _number(numbers, index)))
        elif kind == SECTION_HEADER:
            numbers = []
        elif kind == INTERFACE_DESCRIPTION:
            numbers.append(_describe(gathered, data[start:end]))
        elif kind in (DECRYPTION_SECRETS, NAME_RESOLUTION):
            gathered.shared[data[start:end]] = None
        elif kind == INTERFACE_STATISTICS:
            [index] = _INT.unpack_from(data, start + 8)
            _count(gathered, name, data[start:end], _number(numbers, index))
        else:
            refuse_untimed(kind)
    if end != len(data):
        gathered.cut_off.append(name)


def _number(numbers: list[int], index: int) -> int:
    if index >= len(numbers):
        raise LabError(f"it tells of interface {index}, which it does not describe")
    return numbers[index]


def _describe(gathered: _Gathered, block: bytes) -> int:
    """The number of an interface in the result."""
    interface = parse_interface(Block(INTERFACE_DESCRIPTION, block[8:-4]))
    if (interface.ticks_per_second, interface.offset_s) != (10**9, 0):
        raise LabError(f"the times of {interface.name} are not in nanoseconds")
    return gathered.interfaces.setdefault(block, len(gathered.interfaces))


def _count(gathered: _Gathered, name: str, block: bytes, number: int) -> None:
    """Keep statistics. The drops of a node stand at each of its interfaces, so none adds them."""
    gathered.statistics.append(block[:8] + _INT.pack(number) + block[12:])
    for code, value in read_options(block[:-4], 20, "<"):
        if code == _ISB_IFDROP and len(value) == 8:
            drops = int.from_bytes(value, "little")
            gathered.drops[name] = max(drops, gathered.drops.get(name, 0))


def _section(gathered: _Gathered) -> bytes:
    """The header, of a section whose length is left open."""
    head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    options = [_option(_COMMENT, note) for note in _notes(gathered)]
    options.append(_option(_SHB_USERAPPL, "Clicklab"))
    return Block(SECTION_HEADER, b"".join([head, *options, _END_OF_OPTIONS])).encode()


def _notes(gathered: _Gathered) -> Iterator[str]:
    lost = {name.removesuffix(".pcapng"): n for name, n in gathered.drops.items() if n}
    if lost:
        listed = ", ".join(f"{node} {count}" for node, count in lost.items())
        yield f"{sum(lost.values())} packets were not captured: {listed}"
    for name in gathered.cut_off:
        yield f"{name} was cut off: its last frames are not here"


def _frames(frames: list[_Frame], comments: Mapping[int, str]) -> Iterator[bytes]:
    """Each frame's block with the number of its interface, and its comment, changed."""
    numbers = [_INT.pack(number) for number in range(1 + max((f[4] for f in frames), default=0))]
    for place, (_, data, start, end, interface) in enumerate(frames, start=1):
        if place in comments:
            body = numbers[interface] + data[start + 12 : end - 4]
            yield Block(ENHANCED_PACKET, _commented(body, comments[place])).encode()
        else:
            yield data[start : start + 8]
            yield numbers[interface]
            yield data[start + 12 : end]


def _commented(body: bytes, comment: str) -> bytes:
    """The frame with a comment before its other options."""
    [captured] = _INT.unpack_from(body, 12)
    options = 20 + captured + -captured % 4
    rest = body[options:] or _END_OF_OPTIONS
    return body[:options] + _option(_COMMENT, comment) + rest


def _option(code: int, text: str) -> bytes:
    value = encode_text(text)
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)
