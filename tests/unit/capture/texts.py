"""pcapng files made byte by byte, as capmux writes them."""

from __future__ import annotations

import struct

from orchestrator.records.embedding import TLS_KEY_LOG
from orchestrator.records.pcapng import (
    DECRYPTION_SECRETS,
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS,
    SECTION_HEADER,
    Block,
    ByteOrder,
)

NANOSECONDS = b"\x09"


def option(code: int, value: bytes, order: ByteOrder = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: ByteOrder = "<", length: int = -1) -> bytes:
    body = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length)
    return Block(SECTION_HEADER, body, order).encode()


def interface(name: str, resolution: bytes = NANOSECONDS, order: ByteOrder = "<") -> bytes:
    body = struct.pack(order + "HHI", 1, 0, 262144) + option(2, name.encode(), order)
    body += option(9, resolution, order) if resolution else b""
    return Block(INTERFACE_DESCRIPTION, body + bytes(4), order).encode()


def packet(
    index: int, ticks: int, data: bytes, flags: int | None = None, order: ByteOrder = "<"
) -> bytes:
    head = struct.pack(order + "5I", index, ticks >> 32, ticks & 0xFFFFFFFF, len(data), 1500)
    body = head + data + bytes(-len(data) % 4)
    if flags is not None:
        body += option(2, struct.pack(order + "I", flags), order) + bytes(4)
    return Block(ENHANCED_PACKET, body, order).encode()


def secrets(keylog: bytes) -> bytes:
    body = struct.pack("<II", TLS_KEY_LOG, len(keylog)) + keylog
    return Block(DECRYPTION_SECRETS, body).encode()


def statistics(index: int, drops: int) -> bytes:
    body = struct.pack("<3I", index, 0, 0) + option(5, struct.pack("<Q", drops)) + bytes(4)
    return Block(INTERFACE_STATISTICS, body).encode()
