"""DNS messages of a stub resolver: one question out, one answer in (RFC 1035, section 4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address

A, AAAA = 1, 28
_HEADER = struct.Struct("!6H")
_QUERY_TAIL = struct.Struct("!2H")
_RECORD = struct.Struct("!2HIH")
_RECURSION_DESIRED, _RESPONSE = 0x0100, 0x8000
_POINTER = 0xC0
RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


@dataclass(frozen=True)
class Answer:
    """``addresses`` are those of A and AAAA records, aliases followed by whoever answered."""

    identifier: int
    rcode: int
    addresses: tuple[str, ...]

    @property
    def status(self) -> str:
        """The rcode by name (RFC 1035, 4.1.1)."""
        return RCODES.get(self.rcode, f"rcode {self.rcode}")


def write_query(name: str, kind: int, identifier: int) -> bytes:
    """A question for ``name`` that wants recursion. Raises ValueError for what is no name."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"not a name: {name}")
    written = b"".join(bytes([len(label)]) + label for label in labels)
    head = _HEADER.pack(identifier, _RECURSION_DESIRED, 1, 0, 0, 0)
    return head + written + b"\0" + _QUERY_TAIL.pack(kind, 1)


def read_answer(message: bytes) -> Answer:
    """What an answer says. Raises ValueError for what is none."""
    try:
        identifier, flags, questions, answers, _, _ = _HEADER.unpack_from(message)
        if not flags & _RESPONSE:
            raise ValueError("a question, not an answer")
        at = _HEADER.size
        for _ in range(questions):
            at = _skip_name(message, at) + _QUERY_TAIL.size
        addresses = []
        for _ in range(answers):
            at = _skip_name(message, at)
            kind, _, _, length = _RECORD.unpack_from(message, at)
            at += _RECORD.size
            if kind in (A, AAAA):
                addresses.append(str(ip_address(message[at : at + length])))
            at += length
    except (struct.error, IndexError) as error:
        raise ValueError("an answer that is cut off") from error
    return Answer(identifier, flags & 0xF, tuple(addresses))


def _skip_name(message: bytes, at: int) -> int:
    """Where a name ends; a pointer is the last of it (RFC 1035, 4.1.4)."""
    while length := message[at]:
        if length & _POINTER == _POINTER:
            return at + 2
        at += 1 + length
    return at + 1
