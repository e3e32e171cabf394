"""How much fits through the lab between two nodes: real packets, over sockets of the two nodes.

The images of a lab carry no iperf. Its figures are made the same way: the client sends as fast as
TCP lets it, or at a rate with UDP, and the server counts what arrives and in which time.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.errors import DeployError, UsageError
from orchestrator.mininet.terminals import within

CONNECT_WITHIN_S = 5.0
_IDLE_S = 2.0  # when nothing more arrives, the rest is lost
_CHUNK = bytes(128 * 1024)
_DATAGRAM = bytes(1470)  # as iperf's: fits into an Ethernet frame
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9}


@dataclass(frozen=True)
class Ends:
    """Where a stream runs: the namespaces of both nodes, and where the server listens."""

    client: str
    server: str
    address: str
    port: int


@dataclass
class _Count:
    """Bytes of one end, from the first to the last."""

    size: int = 0
    first_s: float = 0.0
    last_s: float = 0.0

    def add(self, size: int) -> None:
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self.size += size

    def rate_bps(self, least_s: float) -> float:
        return self.size * 8 / max(self.last_s - self.first_s, least_s)


def read_rate_bps(text: str) -> float:
    """``10M``, ``500K``, ``1G`` or a plain number of bits per second. Raises UsageError."""
    found = re.fullmatch(r"([\d.]+)([KMG]?)", text.strip().upper())
    try:
        rate_bps = float(found[1]) * _UNITS[found[2]] if found else 0.0
    except ValueError:
        rate_bps = 0.0
    if not 0 < rate_bps <= 1e10:
        raise UsageError(f"'{text}' is no rate", "write it like 10M")
    return rate_bps


def write_rate(rate_bps: float) -> str:
    """A rate as iperf prints it: three digits, and a unit that suits."""
    for size, unit in ((1e9, "Gbits/sec"), (1e6, "Mbits/sec"), (1e3, "Kbits/sec")):
        if rate_bps >= size:
            value = rate_bps / size
            decimals = 2 if value < 10 else 1 if value < 100 else 0
            return f"{value:.{decimals}f} {unit}"
    return f"{rate_bps:.0f} bits/sec"


def measure_tcp(ends: Ends, seconds: float) -> tuple[float, float]:
    """Rates in bit/s: as the server received, and as the client could send.

    Raises DeployError where no connection comes about.
    """
    with _explained(ends), _connection(ends) as (sender, receiver):
        return _pump(sender, receiver, seconds)


def measure_udp(ends: Ends, seconds: float, rate_bps: float) -> tuple[float, float]:
    """The same with datagrams, sent at ``rate_bps``."""
    with _explained(ends), _datagram_sockets(ends) as (sender, receiver):
        return _pace(sender, receiver, seconds, rate_bps)


@contextmanager
def _explained(ends: Ends) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where, why = f"{ends.address} port {ends.port}", error.strerror or str(error)
        raise DeployError(f"no stream to {where}: {why}") from error


@contextmanager
def _connection(ends: Ends) -> Iterator[tuple[socket.socket, socket.socket]]:
    with within(ends.server):
        listening = socket.create_server(("", ends.port))
    with listening:
        listening.settimeout(CONNECT_WITHIN_S)
        with within(ends.client):
            sender = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with sender:
            sender.settimeout(CONNECT_WITHIN_S)
            sender.connect((ends.address, ends.port))
            receiver, _ = listening.accept()
            with receiver:
                yield sender, receiver


def _pump(sender: socket.socket, receiver: socket.socket, seconds: float) -> tuple[float, float]:
    sent, received, end_s = _Count(), _Count(), time.monotonic() + seconds
    sender.setblocking(False)
    sending = [sender]
    while True:
        readable, writable, _ = select.select([receiver], sending, [], _IDLE_S)
        if readable:
            if not (data := receiver.recv(len(_CHUNK))):
                break
            received.add(len(data))
        if writable:
            sent.add(sender.send(_CHUNK))
        if sending and time.monotonic() >= end_s:
            sending = []
            sender.shutdown(socket.SHUT_WR)
        elif not (readable or writable or sending):
            break
    return received.rate_bps(seconds), sent.rate_bps(seconds)


@contextmanager
def _datagram_sockets(ends: Ends) -> Iterator[tuple[socket.socket, socket.socket]]:
    with within(ends.server):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with receiver:
        receiver.bind(("", ends.port))
        with within(ends.client):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sender:
            sender.connect((ends.address, ends.port))
            yield sender, receiver


def _pace(
    sender: socket.socket, receiver: socket.socket, seconds: float, rate_bps: float
) -> tuple[float, float]:
    sent, received, start_s = _Count(), _Count(), time.monotonic()
    step_s = len(_DATAGRAM) * 8 / rate_bps
    while True:
        elapsed_s = time.monotonic() - start_s
        if elapsed_s < seconds:
            if sent.size <= elapsed_s / step_s * len(_DATAGRAM):
                sent.add(sender.send(_DATAGRAM))
            wait_s = sent.size / len(_DATAGRAM) * step_s - elapsed_s
        else:
            wait_s = _IDLE_S
        if select.select([receiver], [], [], max(wait_s, 0))[0]:
            received.add(len(receiver.recv(1 << 16)))
        elif elapsed_s >= seconds:
            return received.rate_bps(seconds), sent.rate_bps(seconds)
