"""BGP messages out of what TCP carried one way: NOTIFICATION and UPDATE (RFC 4271).

Segments are put in order by their sequence numbers; those sent again are left out. A capture may
begin within a connection, and within a message: reading begins at the first marker.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from orchestrator.analysis.packets.frames import SYN, Frame
from orchestrator.plan.addresses import Prefix

PORT = 179
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
_MARKER, _HEADER, _SPACE = b"\xff" * 16, 19, 1 << 32
# Path attributes: RFC 4271, 4.3, and RFC 4760.
_AS_PATH, _MP_REACH, _MP_UNREACH, _EXTENDED_LENGTH = 2, 14, 15, 0x10
_AFI_IPV4, _AFI_IPV6, _UNICAST = 1, 2, 1
_SEGMENT_TYPES = (1, 2, 3, 4)  # RFC 4271 and RFC 5065
_ERRORS = {
    1: "message header error",
    2: "OPEN message error",
    3: "UPDATE message error",
    4: "hold timer expired",
    5: "finite state machine error",
    6: "cease",
}
# RFC 4486, RFC 8203, RFC 8538, RFC 9384.
_CEASES = {
    1: "maximum number of prefixes reached",
    2: "administrative shutdown",
    3: "peer de-configured",
    4: "administrative reset",
    5: "connection rejected",
    6: "other configuration change",
    7: "connection collision resolution",
    8: "out of resources",
    9: "hard reset",
    10: "BFD down",
}


@dataclass(frozen=True)
class Message:
    """A message: ``frame`` is the one that brought its last octet."""

    frame: Frame
    type: int
    body: bytes


@dataclass(frozen=True)
class Update:
    """What an UPDATE says. ``as_path`` is flat, AS_SETs too; () without one."""

    withdrawn: tuple[Prefix, ...] = ()
    announced: tuple[Prefix, ...] = ()
    as_path: tuple[int, ...] = ()


def read_stream(frames: Iterable[Frame]) -> Iterator[Message]:
    """The messages of one direction of a connection; ``frames`` in the order of time.

    What follows a segment that the capture has not is read from the next marker on.
    """
    pending, expected = b"", -1
    for frame in frames:
        begins = bool(frame.flags & SYN)
        ahead = (frame.seq + begins - expected + _SPACE // 2) % _SPACE - _SPACE // 2
        if expected < 0 or begins or ahead > 0:
            pending, expected, ahead = b"", frame.seq + begins, 0
        # What of it was there before has been sent again.
        fresh = frame.payload[-ahead:]
        expected = (expected + len(fresh)) % _SPACE
        messages, pending = _split(pending + fresh)
        for kind, body in messages:
            yield Message(frame, kind, body)


def _split(pending: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole messages, as type and body, and what is left."""
    found: list[tuple[int, bytes]] = []
    while (place := pending.find(_MARKER)) >= 0 and len(pending) >= place + _HEADER:
        length, kind = struct.unpack_from("!HB", pending, place + len(_MARKER))
        if length < _HEADER:  # no marker after all
            pending = pending[place + 1 :]
            continue
        if place + length > len(pending):
            break
        found.append((kind, pending[place + _HEADER : place + length]))
        pending = pending[place + length :]
    return found, pending


def read_update(body: bytes) -> Update:
    """An UPDATE's body; what is cut short or of other families than IP unicast is left out."""
    withdrawn, rest = _counted(body)
    attributes, announced = _counted(rest)
    gone, found = list(_prefixes(withdrawn, 4)), list(_prefixes(announced, 4))
    path: tuple[int, ...] = ()
    for kind, value in _attributes(attributes):
        if kind == _AS_PATH:
            path = _read_as_path(value)
        elif kind == _MP_UNREACH and len(value) >= 3:
            gone += _prefixes(value[3:], _version(value))
        elif kind == _MP_REACH and len(value) >= 5:
            found += _prefixes(value[5 + value[3] :], _version(value))
    return Update(tuple(gone), tuple(found), path)


def _counted(body: bytes) -> tuple[bytes, bytes]:
    """What the length before it counts, and the rest."""
    if len(body) < 2:
        return b"", b""
    end = 2 + int.from_bytes(body[:2], "big")
    return body[2:end], body[end:]


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    while len(body) >= 3:
        wide = bool(body[0] & _EXTENDED_LENGTH)
        start = 4 if wide else 3
        end = start + int.from_bytes(body[2:start], "big")
        yield body[1], body[start:end]
        body = body[end:]


def _version(value: bytes) -> int:
    """4 or 6 of the AFI and SAFI that a value begins with; 0 for other families."""
    afi, safi = struct.unpack_from("!HB", value)
    return {_AFI_IPV4: 4, _AFI_IPV6: 6}.get(afi, 0) if safi == _UNICAST else 0


def _prefixes(body: bytes, version: int) -> Iterator[Prefix]:
    """Length in bits, and as many octets as it takes (RFC 4271, 4.3)."""
    while body and version:
        length = body[0]
        octets = body[1 : 1 + (length + 7) // 8]
        if version == 4 and length <= 32:
            yield IPv4Network((octets.ljust(4, b"\0")[:4], length), strict=False)
        elif version == 6 and length <= 128:
            yield IPv6Network((octets.ljust(16, b"\0")[:16], length), strict=False)
        body = body[1 + len(octets) :]


def _read_as_path(value: bytes) -> tuple[int, ...]:
    """The numbers have four octets where both ends can (RFC 6793), which is agreed in OPENs that
    the capture may not have: they have if the segments then come out even."""
    wide = _segments(value, 4)
    return wide if wide is not None else _segments(value, 2) or ()


def _segments(value: bytes, width: int) -> tuple[int, ...] | None:
    found: list[int] = []
    while len(value) >= 2:
        kind, count = value[0], value[1]
        end = 2 + count * width
        if kind not in _SEGMENT_TYPES or end > len(value):
            return None
        found += [int.from_bytes(value[n : n + width], "big") for n in range(2, end, width)]
        value = value[end:]
    return None if value else tuple(found)


def name_error(body: bytes) -> str:
    """What a NOTIFICATION complains of, in a few words."""
    code, subcode = (*body[:2], 0, 0)[:2]
    if code == 6 and subcode in _CEASES:
        return _CEASES[subcode]
    return _ERRORS.get(code, f"error {code}")
