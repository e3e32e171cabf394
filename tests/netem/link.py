"""Numbered datagrams over the link under test, and what became of them.

Both sockets belong to one thread, each opened in its own namespace, so a single clock gives
the one-way delay: the time before `send`, and the kernel's receive time stamp.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestrator.plan.impairment import Impairment
from orchestrator.runtime.links.netem import apply_netem, netem_counters, read_netem
from orchestrator.runtime.network.namespaces import entered

_PORT = 4789
HEADERS = 14 + 20 + 8  # Ethernet, IPv4, UDP
_HEAD = struct.Struct("=Iq")
_BUFFER = 1 << 26
_QUIET = struct.pack("@ll", 0, 400_000)  # longer than any delay a test sets
# What <asm-generic/socket.h> has and Python's module may not.
_SO_NO_CHECK, _SO_TIMESTAMPNS, _SO_RCVBUFFORCE, _SO_SNDBUFFORCE = 11, 35, 33, 32


@dataclass(frozen=True)
class Arrival:
    """One datagram that came out, in the order in which they did."""

    number: int
    delay_ms: float
    received_ms: float
    intact: bool


@dataclass(frozen=True)
class End:
    """An interface: the path of its namespace, its index in there, its address."""

    namespace: str
    index: int
    address: str


@dataclass(frozen=True)
class Link:
    """A direction: frames leave at ``near``, where they are impaired, and arrive at ``far``."""

    near: End
    far: End

    def turned(self) -> Link:
        return Link(self.far, self.near)

    def impair(self, impairment: Impairment) -> None:
        apply_netem(self.near.namespace, self.near.index, impairment)

    def impairment(self) -> Impairment:
        return read_netem(self.near.namespace, self.near.index)

    def counters(self) -> dict[str, int]:
        return netem_counters(self.near.namespace, self.near.index)


def exchange(
    link: Link,
    count: int,
    interval_s: float = 0.0,
    frame: int = 106,
    afterwards: Callable[[], object] = lambda: None,
) -> list[Arrival]:
    """Send ``count`` frames of ``frame`` bytes; return what came when nothing more comes.

    Numbers tell which are missing, twice there, or early. ``afterwards`` is called when the
    last is sent.
    """
    padding = bytes(frame - HEADERS - _HEAD.size)
    with _sender(link) as sender, _receiver(link) as receiver:
        due = time.monotonic()
        for number in range(count):
            if (left := due - time.monotonic()) > 0:
                select.select([], [], [], left)
            sender.send(_HEAD.pack(number, time.time_ns()) + padding)
            due += interval_s
        afterwards()
        return list(_collect(receiver, padding))


def _collect(receiver: socket.socket, padding: bytes) -> Iterator[Arrival]:
    while True:
        try:
            payload, extra, _, _ = receiver.recvmsg(2048, 64)
        except BlockingIOError:  # quiet for long enough
            return
        if len(payload) == _HEAD.size + len(padding):
            yield _read(payload, extra[0][2], padding)


def _read(payload: bytes, stamp: bytes, padding: bytes) -> Arrival:
    number, sent_ns = _HEAD.unpack_from(payload)
    seconds, nanoseconds = struct.unpack("=qq", stamp)
    received_ns = seconds * 10**9 + nanoseconds
    intact = payload[_HEAD.size :] == padding
    return Arrival(number, (received_ns - sent_ns) / 1e6, received_ns / 1e6, intact)


def _sender(link: Link) -> socket.socket:
    with entered(link.near.namespace):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Corrupted datagrams are to be seen, not dropped for their checksum.
    sender.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
    sender.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _BUFFER)
    sender.connect((link.far.address, _PORT))
    return sender


def _receiver(link: Link) -> socket.socket:
    with entered(link.far.namespace):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _QUIET)
    receiver.bind((link.far.address, _PORT))
    return receiver
