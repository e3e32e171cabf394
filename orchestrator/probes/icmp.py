"""Echo requests over a raw socket of the host's (RFC 792, RFC 4443).

An answer's time is the kernel's, taken as the packet came in (SO_TIMESTAMPNS, socket(7)): how
busy this process was does not show in it.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import time

from orchestrator.probes.echo import Heard, read_message, write_request
from orchestrator.probes.lookup import FAMILIES, Target, version_of
from orchestrator.probes.question import Failed, Question, Setting

_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size)
_PROTOCOLS = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}


class Icmp:
    """Asks with one socket, an identifier of its own, and a sequence that goes round."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._target = Target(setting, setting.run.target)
        self._identifier = secrets.randbelow(1 << 16)
        self._socket: socket.socket | None = None
        self._version, self._source = 0, ""
        self._waiting: dict[int, asyncio.Future[tuple[int, str]]] = {}

    async def prepare(self) -> None:
        """Look up the target's address, so that no echo waits for it."""
        await self._target.address()

    async def ask(self, question: Question) -> None:
        """One echo. An ICMP error about it is "unreachable"."""
        sequence = question.sequence & 0xFFFF
        question.source_port, question.target_port = self._identifier, sequence
        try:
            question.target = await self._target.address()
            asking = self._opened(question.target)
            question.source = self._source
            await self._echo(asking, question, sequence)
        except OSError:
            self.close()
            raise
        except (Failed, asyncio.CancelledError):
            self._target.again()
            raise

    async def _echo(self, asking: socket.socket, question: Question, sequence: int) -> None:
        heard = self._waiting[sequence] = asyncio.get_running_loop().create_future()
        try:
            message = write_request(self._version, self._identifier, sequence)
            question.sent_ns = time.time_ns()
            asking.sendto(message, (question.target, 0))
            received_ns, error = await heard
        finally:
            self._waiting.pop(sequence, None)
        if error:
            raise Failed("unreachable", error)
        question.took_ms = max(0.0, (received_ns - question.sent_ns) / 1e6)

    def _opened(self, target: str) -> socket.socket:
        version = int(version_of(target))
        if self._socket is None or version != self._version:
            self.close()
            self._source = _source_for(self._setting, target)
            self._socket = self._open(version)
        return self._socket

    def _open(self, version: int) -> socket.socket:
        opened = self._setting.open(FAMILIES[version], socket.SOCK_RAW, _PROTOCOLS[version])
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        opened.setblocking(False)
        asyncio.get_running_loop().add_reader(opened, self._hear, opened)
        self._version = version
        return opened

    def _hear(self, opened: socket.socket) -> None:
        try:
            packet, ancillary, _, sender = opened.recvmsg(2048, _ANCILLARY)
        except OSError:
            return
        heard = read_message(self._version, packet)
        if heard is not None and heard.identifier == self._identifier:
            self._settle(heard, _received_ns(ancillary), sender[0])

    def _settle(self, heard: Heard, received_ns: int, sender: str) -> None:
        waiting = self._waiting.get(heard.sequence)
        if waiting is not None and not waiting.done():
            waiting.set_result((received_ns, heard.error and f"{heard.error}, by {sender}"))

    def close(self) -> None:
        """Let go of the socket; the next question opens another."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None


def _source_for(setting: Setting, target: str) -> str:
    """The address that the host's routes choose."""
    with setting.open(FAMILIES[int(version_of(target))], socket.SOCK_DGRAM, 0) as asking:
        asking.connect((target, 1))
        return str(asking.getsockname()[0])


def _received_ns(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack(data[: _TIMESPEC.size])
            return int(seconds * 10**9 + nanoseconds)
    return time.time_ns()
