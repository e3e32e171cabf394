"""One question of a probe, and the words for how it can fail."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socket import socket
from typing import Protocol

from orchestrator.records.study import ProbeRun
from orchestrator.spec.probing import FailureKind

# (family, type, protocol) → a socket of the asking host. Raises Failed where the host is down.
Opener = Callable[[int, int, int], socket]
# Name of a node → its addresses; and the resolvers of the host that asks.
Known = Mapping[str, tuple[str, ...]]


class Failed(Exception):
    """A question that went wrong: how, and a word of why."""

    def __init__(self, kind: FailureKind, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


@dataclass
class Question:
    """What becomes known of a question while it is asked; its asker fills it in.

    ``took_ms`` is set by an asker that knows better than the clock at the end.
    """

    sequence: int
    sent_ns: int
    took_ms: float | None = None
    detail: str = ""
    source: str = ""
    source_port: int = 0
    target: str = ""
    target_port: int = 0


class Asker(Protocol):
    """Asks the questions of one probe."""

    async def prepare(self) -> None:
        """What is to be done before the first question; it may fail in silence."""

    async def ask(self, question: Question) -> None:
        """Return when the right answer is there. Raises Failed, OSError or ssl.SSLError.

        Cancelled when the time for the answer is over.
        """

    def close(self) -> None:
        """Let go of all sockets."""


@dataclass(frozen=True)
class Setting:
    """What an asker works with. ``ca`` is the lab's root certificate (PEM, a path); TLS secrets go
    to the file ``keylog`` (NSS key log format), so that captures can be read."""

    run: ProbeRun
    open: Opener
    resolvers: tuple[str, ...]
    known: Known
    ca: str
    keylog: str


_UNREACHABLE = (
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.EHOSTDOWN,
    errno.EACCES,  # an ICMPv6 "administratively prohibited", or a route that says so
    errno.EPERM,
    errno.EADDRNOTAVAIL,  # no address of that family, or not any more
    errno.ENODEV,
)


def classify(error: BaseException) -> Failed:
    """The failure that an exception stands for."""
    if isinstance(error, Failed):
        return error
    if isinstance(error, asyncio.IncompleteReadError | ConnectionResetError | BrokenPipeError):
        return Failed("reset", "closed without an answer" if isinstance(error, EOFError) else "")
    if isinstance(error, ssl.SSLError):
        verdict = getattr(error, "verify_message", "") or error.reason or str(error)
        return Failed("tls", verdict)
    if isinstance(error, ConnectionRefusedError):
        return Failed("refused")
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return Failed("unreachable", os.strerror(error.errno))
    if isinstance(error, OSError) and error.errno == errno.ECONNABORTED:
        return Failed("reset")
    return Failed("lost", "" if isinstance(error, TimeoutError) else str(error))
