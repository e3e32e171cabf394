"""Read pcapng files. Bytes in, values out.

The format is draft-ietf-opsawg-pcapng (cited below by section): a file is a row of blocks, each
with its type and its length at both ends. A section header sets the byte order of what follows,
interface descriptions number the interfaces from 0, and enhanced packet blocks hold the frames.

A capture that was cut off, by a full disk or by kill -9, ends within a block. Reading then stops
after the last whole block and raises nothing; `is_truncated` tells.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from orchestrator.errors import LabError

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
NAME_RESOLUTION = 4
INTERFACE_STATISTICS = 5
ENHANCED_PACKET = 6
DECRYPTION_SECRETS = 0x0A

_END_OF_OPTIONS, _IF_NAME, _IF_TSRESOL, _IF_TSOFFSET, _EPB_FLAGS = 0, 2, 9, 14, 2
ByteOrder = Literal["<", ">"]
_BYTE_ORDERS: dict[bytes, ByteOrder] = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_MAGIC = SECTION_HEADER.to_bytes(4, "big")  # reads the same in both byte orders
_FRAME_BYTES = 12  # a block's type and its two lengths
_ORDERS: tuple[ByteOrder, ...] = ("<", ">")
_INTS = {order: struct.Struct(order + "I") for order in _ORDERS}
_PAIRS = {order: struct.Struct(order + "II") for order in _ORDERS}
# Of a frame: its interface, the halves of its time, its octets here, and those it had.
_HEADS = {order: struct.Struct(order + "5I") for order in _ORDERS}
# The option of its flags: code, length, value.
_FLAGS = {order: struct.Struct(order + "HHI") for order in _ORDERS}
_LEAST_BODY = {
    SECTION_HEADER: 16,
    INTERFACE_DESCRIPTION: 8,
    INTERFACE_STATISTICS: 12,
    ENHANCED_PACKET: 20,
}


class Direction(StrEnum):
    """Which way a frame crossed its interface, as epb_flags say (section 4.3.1)."""

    UNKNOWN = "unknown"
    INBOUND = "inbound"
    OUTBOUND = "outbound"


_DIRECTIONS = (Direction.UNKNOWN, Direction.INBOUND, Direction.OUTBOUND, Direction.UNKNOWN)


class Block(NamedTuple):
    """One block (section 3.1): `body` is what lies between its two lengths."""

    type: int
    body: bytes
    order: ByteOrder = "<"

    def encode(self) -> bytes:
        """The block as it stands in a file, padded to 32 bits."""
        body = self.body + bytes(-len(self.body) % 4)
        length = struct.pack(self.order + "I", len(body) + _FRAME_BYTES)
        return struct.pack(self.order + "I", self.type) + length + body + length


@dataclass(frozen=True)
class Interface:
    """What an interface description says (section 4.2)."""

    name: str
    ticks_per_second: int
    offset_s: int


class Packet(NamedTuple):
    """A captured frame.

    `number` counts from 1, as in Wireshark; `interface` is the name of the interface, in
    Clicklab's captures `node:interface`; `time_ns` counts from 1970-01-01 UTC. `data` is shorter
    than `original_length`, in bytes, where the snap length cut the frame.
    """

    number: int
    interface: str
    time_ns: int
    direction: Direction
    data: bytes
    original_length: int


# Whether a frame is wanted: its interface's number, its time, its bytes.
Wanted = Callable[[int, int, bytes], bool]


def read_blocks(data: bytes) -> Iterator[Block]:
    """Yield every whole block of a pcapng file, in order.

    Raises LabError if the bytes are not pcapng, or are damaged rather than cut off.
    """
    for kind, start, end, order in read_spans(data):
        yield Block(kind, data[start + 8 : end - 4], order)


def is_truncated(data: bytes) -> bool:
    """Say whether the file ends within a block. Raises LabError as `read_blocks` does."""
    return max((end for _, _, end, _ in read_spans(data)), default=0) != len(data)


def read_packets(data: bytes, wanted: Wanted | None = None) -> Iterator[Packet]:
    """Yield every frame of a pcapng file, in the order of the file.

    Of a file of which little is ``wanted``, that little: it is asked of each frame with the
    number of its interface (from 0), its time in ns since 1970 and its bytes.

    Raises LabError as `read_blocks` does, and where a frame has no time or no interface.
    """
    interfaces: list[Interface] = []
    number = 0
    for kind, start, end, order in read_spans(data):
        if kind == ENHANCED_PACKET:
            number += 1
            index, high, low, captured, original = _HEADS[order].unpack_from(data, start + 8)
            options = start + 28 + captured + -captured % 4
            interface = _interface_of(interfaces, number, index, options <= end - 4)
            time_ns = _time_ns(interface, high << 32 | low)
            frame = data[start + 28 : start + 28 + captured]
            if wanted is None or wanted(index, time_ns, frame):
                direction = _direction(data, options, end - 4, order)
                yield Packet(number, interface.name, time_ns, direction, frame, original)
        elif kind == SECTION_HEADER:
            interfaces = []
        elif kind == INTERFACE_DESCRIPTION:
            interfaces.append(parse_interface(Block(kind, data[start + 8 : end - 4], order)))
        else:
            refuse_untimed(kind)


def refuse_untimed(kind: int) -> None:
    """Raise LabError where a block is a frame of a kind that is not read here."""
    if kind in (SIMPLE_PACKET, OBSOLETE_PACKET):
        raise LabError(
            f"the capture has packet blocks of type {kind}, which are not read here",
            "convert it first: editcap IN OUT",
        )


def read_spans(data: bytes) -> Iterator[tuple[int, int, int, ByteOrder]]:
    """Yield type, start, end and byte order of each whole block, copying nothing.

    Raises LabError as `read_blocks` does.
    """
    if not data.startswith(_MAGIC):
        raise LabError(
            "not a pcapng file: it does not begin with a section header",
            "an old pcap file is converted with: editcap IN OUT",
        )
    start, size = 0, len(data)
    order: ByteOrder = "<"
    begin, close = _PAIRS[order], _INTS[order]
    while start + _FRAME_BYTES <= size:
        kind, length = begin.unpack_from(data, start)
        if kind == SECTION_HEADER:
            order = _byte_order(data, start)
            begin, close = _PAIRS[order], _INTS[order]
            kind, length = begin.unpack_from(data, start)
        if length % 4 or length < _FRAME_BYTES + _LEAST_BODY.get(kind, 0):
            raise _damaged(start)
        end = start + length
        if end > size:
            return
        if close.unpack_from(data, end - 4)[0] != length:
            raise _damaged(start)
        yield kind, start, end, order
        start = end


def _byte_order(data: bytes, start: int) -> ByteOrder:
    try:
        return _BYTE_ORDERS[data[start + 8 : start + 12]]
    except KeyError:
        raise _damaged(start) from None


def _damaged(start: int) -> LabError:
    return LabError(f"the pcapng file is damaged: no block at byte {start}", "capture it again")


def parse_interface(block: Block) -> Interface:
    """Read an interface description. Raises LabError where it contradicts itself."""
    options = dict(read_options(block.body, 8, block.order))
    resolution = _unpack_option("B", options.get(_IF_TSRESOL, b"\x06"))
    offset_s = _unpack_option(block.order + "q", options.get(_IF_TSOFFSET, bytes(8)))
    return Interface(
        name=_printable(options.get(_IF_NAME, b"").decode("utf-8", "replace")),
        # The topmost bit says whether the exponent is one of 2 or of 10 (section 4.2).
        ticks_per_second=2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution,
        offset_s=offset_s,
    )


def _printable(name: str) -> str:
    """What a file says may be anything, and names are printed."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)


def _interface_of(
    interfaces: list[Interface], number: int, index: int, is_whole: bool
) -> Interface:
    """What frame ``number`` was seen at, if its octets end within its block."""
    if index >= len(interfaces):
        raise LabError(f"frame {number} is of interface {index}, which the file does not describe")
    if not is_whole:
        raise LabError(f"the pcapng file is damaged: frame {number} is longer than its block")
    return interfaces[index]


def _time_ns(interface: Interface, ticks: int) -> int:
    if interface.ticks_per_second == 10**9:
        return interface.offset_s * 10**9 + ticks
    return interface.offset_s * 10**9 + ticks * 10**9 // interface.ticks_per_second


def _direction(data: bytes, options: int, end: int, order: ByteOrder) -> Direction:
    """What the flags say; capmux writes them first, so that the search is short."""
    if options + _FLAGS[order].size <= end:
        code, length, flags = _FLAGS[order].unpack_from(data, options)
        if (code, length) == (_EPB_FLAGS, 4):
            return _DIRECTIONS[flags & 3]
    for code, value in read_options(data[options:end], 0, order):
        if code == _EPB_FLAGS:
            return _DIRECTIONS[_unpack_option(order + "I", value) & 3]
    return Direction.UNKNOWN


def read_options(body: bytes, start: int, order: ByteOrder) -> Iterator[tuple[int, bytes]]:
    """Yield code and value of each option from ``start`` (section 3.5) to the block's end."""
    while start + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, start)
        if code == _END_OF_OPTIONS:
            return
        yield code, body[start + 4 : start + 4 + length]
        start += 4 + length + -length % 4


def encode_text(text: str, room: int = 0xFFFF) -> bytes:
    """A text as UTF-8 of no more octets than a length of 16 bits can tell, its characters whole."""
    octets = text.encode(errors="backslashreplace")
    return octets if len(octets) <= room else octets[:room].decode(errors="ignore").encode()


def _unpack_option(layout: str, value: bytes) -> int:
    if len(value) != struct.calcsize(layout):
        raise LabError(f"the pcapng file is damaged: an option of {len(value)} bytes")
    number: int = struct.unpack(layout, value)[0]
    return number
