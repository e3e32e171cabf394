"""rtnetlink(7) byte by byte: messages and attributes written, sent, and read again.

The one place that knows their layout. pyroute2 makes and changes things elsewhere; for a whole
table it takes ten times as long, and it has no words for a few of the questions asked here.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from orchestrator.runtime.network.namespaces import entered

# linux/netlink.h
REQUEST, ACK, DUMP, REPLACE, CREATE = 0x001, 0x004, 0x300, 0x100, 0x400
_ERROR, _DONE = 2, 3
_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_NUMBER = struct.Struct("=i")
# Of an attribute's type; the two bits above say how its value is to be read (struct nlattr).
_TYPE = 0x3FFF
# The kernel fills datagrams up to 32 KiB, and more only for one message that is larger.
_ANSWER_BYTES = 1 << 18


class Message(NamedTuple):
    """A message without its header (struct nlmsghdr): type, flags, and what it is about."""

    kind: int
    flags: int
    body: bytes


def write_message(kind: int, flags: int, body: bytes, number: int = 1) -> bytes:
    """A message to the kernel; its answer, if it gives one, has the same ``number``."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


def write_attribute(kind: int, value: bytes) -> bytes:
    """An attribute (struct nlattr, or rtattr), filled up to four octets."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def read_messages(data: bytes) -> Iterator[Message]:
    """The messages of a datagram."""
    while len(data) >= _HEADER.size:
        size, kind, flags, _, _ = _HEADER.unpack_from(data)
        yield Message(kind, flags, data[_HEADER.size : size])
        data = data[max(_HEADER.size, size + -size % 4) :]


def read_attributes(data: bytes) -> dict[int, bytes]:
    """The values of the attributes that follow a message's fixed part, by type."""
    found: dict[int, bytes] = {}
    while len(data) >= _ATTRIBUTE.size:
        size, kind = _ATTRIBUTE.unpack_from(data)
        found[kind & _TYPE] = data[_ATTRIBUTE.size : size]
        data = data[max(_ATTRIBUTE.size, size + -size % 4) :]
    return found


def refuse_error(message: Message, doing: str) -> None:
    """Raise OSError, with the kernel's number, if a message says that ``doing`` failed."""
    if message.kind == _ERROR:
        (number,) = _NUMBER.unpack_from(message.body)
        if number:
            raise OSError(-number, f"{doing}: {os.strerror(-number)}")


def open_netlink() -> socket.socket:
    """A socket to the kernel of the namespace that the calling thread is in."""
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)


@contextmanager
def netlink_in(namespace: str) -> Iterator[socket.socket]:
    """A socket that asks the kernel of the namespace at a path. Raises OSError."""
    with entered(namespace):
        netlink = open_netlink()
    with netlink:
        yield netlink


def ask(netlink: socket.socket, kind: int, flags: int, body: bytes) -> Message:
    """The first message that answers a question. Raises OSError where it is an error."""
    netlink.sendto(write_message(kind, REQUEST | flags, body), (0, 0))
    answer = next(read_messages(netlink.recv(_ANSWER_BYTES)))
    refuse_error(answer, "the kernel refuses")
    return answer


def dump(netlink: socket.socket, question: int, body: bytes) -> Iterator[Message]:
    """All messages that answer a ``question`` (RTM_GET…). Raises OSError where there are none."""
    netlink.sendto(write_message(question, REQUEST | DUMP, body), (0, 0))
    while True:
        for message in read_messages(netlink.recv(_ANSWER_BYTES)):
            if message.kind == _DONE:
                return
            refuse_error(message, "the kernel does not tell")
            yield message
