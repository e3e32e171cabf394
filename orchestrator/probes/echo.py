"""ICMP echo messages, and the errors that come in their place (RFC 792, RFC 4443)."""

from __future__ import annotations

import struct
from typing import NamedTuple

_ECHO = struct.Struct("!BBHHH")
_PAYLOAD = bytes(range(48))  # with 8 octets of header the 56 data octets that ping sends
_REQUEST, _REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
# RFC 792; RFC 4443 sections 3.1 and 3.3. "Too big" is for who sent more than we do.
_ERRORS = {
    4: {3: "destination unreachable", 11: "TTL exceeded"},
    6: {1: "destination unreachable", 3: "hop limit exceeded"},
}
_ICMP, _ICMP6 = 1, 58
_IPV6_HEADER = 40


class Heard(NamedTuple):
    """What answers a request: ``error`` is "" for the echo itself."""

    identifier: int
    sequence: int
    error: str


def write_request(version: int, identifier: int, sequence: int) -> bytes:
    """An echo request. The kernel fills in the checksum of ICMPv6; here it is left 0."""
    header = _ECHO.pack(_REQUEST[version], 0, 0, identifier, sequence)
    if version == 6:
        return header + _PAYLOAD
    sum_ = checksum(header + _PAYLOAD)
    return _ECHO.pack(_REQUEST[4], 0, sum_, identifier, sequence) + _PAYLOAD


def checksum(data: bytes) -> int:
    """The Internet checksum of an even number of octets (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def read_message(version: int, packet: bytes) -> Heard | None:
    """The echo, or the error about one, in what a raw socket received; None for all else.

    An IPv4 socket hands out the IP header too (raw(7)), an IPv6 one does not.
    """
    try:
        message = packet[(packet[0] & 15) * 4 :] if version == 4 else packet
        kind, code, _, identifier, sequence = _ECHO.unpack_from(message)
        if kind == _REPLY[version]:
            return Heard(identifier, sequence, "")
        if kind not in _ERRORS[version]:
            return None
        cited = _cited(version, message[8:])
        if cited is None:
            return None
        return Heard(*cited, f"{_ERRORS[version][kind]}, code {code}")
    except (struct.error, IndexError):
        return None


def _cited(version: int, packet: bytes) -> tuple[int, int] | None:
    """Identifier and sequence of the request that an error cites."""
    size, protocol = (packet[0] & 15) * 4, packet[9]
    if version == 6:
        size, protocol = _IPV6_HEADER, packet[6]
    if protocol != (_ICMP6 if version == 6 else _ICMP):
        return None
    kind, _, _, identifier, sequence = _ECHO.unpack_from(packet, size)
    return (identifier, sequence) if kind == _REQUEST[version] else None
