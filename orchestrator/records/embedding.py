"""Put what helps to read packets into pcapng files: TLS keys, and names of addresses.

Bytes in, bytes out; sections are those of draft-ietf-opsawg-pcapng, as in pcapng.py.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple

from orchestrator.plan.addresses import Address
from orchestrator.records.pcapng import (
    DECRYPTION_SECRETS,
    INTERFACE_DESCRIPTION,
    NAME_RESOLUTION,
    SECTION_HEADER,
    Block,
    ByteOrder,
    encode_text,
    read_spans,
)

TLS_KEY_LOG = 0x544C534B
"""The secrets type of NSS key log lines (section 4.7)."""

_HEAD = (SECTION_HEADER, INTERFACE_DESCRIPTION, DECRYPTION_SECRETS, NAME_RESOLUTION)
# What is left of a record beside an address of IPv6 and the zero.
_LONGEST_NAME = 0xFFFF - 17
_NAME_RECORDS = {4: 1, 6: 2}  # by the version of IP (section 4.5)


class _Change(NamedTuple):
    """Which blocks go, and what is put in their place, by the byte order; None: nothing."""

    is_replaced: Callable[[Block], bool]
    encode: Callable[[ByteOrder], Block] | None


def embed_secrets(data: bytes, keylog: bytes) -> bytes:
    """Return the file with a TLS key log in it, so that tshark and Wireshark decrypt it unasked.

    `keylog` is the text that SSLKEYLOGFILE receives. It becomes a decryption secrets block
    (section 4.7) after the first section's header and interfaces, and so before every packet that
    needs it. TLS keys that stand there already are replaced; an empty `keylog` only removes them.
    What follows is kept byte for byte. Raises LabError if the bytes are not pcapng.
    """
    return _embed(data, [_secrets(keylog)])


def embed_names(data: bytes, names: Mapping[Address, str]) -> bytes:
    """Return the file with the names of addresses in it, for who resolves by the file.

    They become a name resolution block (section 4.5) where TLS keys stand, in place of one that
    is there; without `names` that is only removed. Raises LabError if the bytes are not pcapng.
    """
    return _embed(data, [_names(names)])


def embedding(keylog: bytes, names: Mapping[Address, str]) -> Callable[[bytes], bytes]:
    """What does both to each of many files, and encodes the names once."""
    return partial(_embed, changes=[_secrets(keylog), _names(names)])


def _secrets(keylog: bytes) -> _Change:
    return _Change(_is_tls_key_log, partial(_encode_key_log, keylog) if keylog else None)


def _names(names: Mapping[Address, str]) -> _Change:
    encode = cache(partial(_encode_names, tuple(names.items())))
    return _Change(_is_names, encode if names else None)


def _embed(data: bytes, changes: Sequence[_Change]) -> bytes:
    """The file with blocks added to the first section's head, and others left out there."""
    head: list[Block] = []
    rest = 0
    for kind, start, end, order in read_spans(data):
        if kind not in _HEAD or (kind == SECTION_HEADER and head):
            break
        head.append(Block(kind, data[start + 8 : end - 4], order))
        rest = end
    if not head:  # not even the section header is whole
        return data
    replaced = [change.is_replaced for change in changes]
    kept = [b for b in head[1:] if not any(is_replaced(b) for is_replaced in replaced)]
    kept += [change.encode(head[0].order) for change in changes if change.encode is not None]
    return b"".join(
        [
            *(block.encode() for block in (_with_open_length(head[0]), *kept)),
            memoryview(data)[rest:],
        ]
    )


def _encode_key_log(keylog: bytes, order: ByteOrder) -> Block:
    head = struct.pack(order + "II", TLS_KEY_LOG, len(keylog))
    return Block(DECRYPTION_SECRETS, head + keylog, order)


def _is_tls_key_log(block: Block) -> bool:
    if block.type != DECRYPTION_SECRETS:
        return False
    return block.body[:4] == struct.pack(block.order + "I", TLS_KEY_LOG)


def _encode_names(names: tuple[tuple[Address, str], ...], order: ByteOrder) -> Block:
    """A record per address: its octets, then its name and a zero; and the record that ends them."""
    body = bytearray()
    for address, name in names:
        value = address.packed + encode_text(name, _LONGEST_NAME) + b"\0"
        body += struct.pack(order + "HH", _NAME_RECORDS[address.version], len(value))
        body += value + bytes(-len(value) % 4)
    return Block(NAME_RESOLUTION, bytes(body) + bytes(4), order)


def _is_names(block: Block) -> bool:
    return block.type == NAME_RESOLUTION


def _with_open_length(header: Block) -> Block:
    """The section header with its section's length unspecified, since that changes (4.1)."""
    return Block(header.type, header.body[:8] + b"\xff" * 8 + header.body[16:], header.order)
