"""Small servers on the loopback, and a probe's setting that asks them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from orchestrator.probes.question import Asker, Question, Setting, classify
from orchestrator.records.study import ProbeRun
from orchestrator.spec.probing import FailureKind, ProbeKind

LOCAL = "127.0.0.1"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def open_here(family: int, kind: int, protocol: int) -> socket.socket:
    """What Presence.open does for a node."""
    return socket.socket(family, kind, protocol)


def setting(kind: ProbeKind, target: str, ca: str, **options: str) -> Setting:
    run = ProbeRun("probe", kind, "laptop", target, 10.0, 500.0, options=options)
    return Setting(run, open_here, (), {"server": (LOCAL,)}, ca, "/dev/null")


async def asked(asker: Asker, sequence: int = 0, within_s: float = 5.0) -> Question:
    """A question that was answered well, or AssertionError with how it failed."""
    question, failure = await tried(asker, sequence, within_s)
    assert failure is None, failure
    return question


async def tried(
    asker: Asker, sequence: int = 0, within_s: float = 5.0
) -> tuple[Question, FailureKind | None]:
    question = Question(sequence, 0)
    try:
        async with asyncio.timeout(within_s):
            await asker.ask(question)
    except Exception as error:
        return question, classify(error).kind
    return question, None


class serving:  # noqa: N801  # reads as a verb where it is used
    """A TCP server for as long as the block runs: ``async with serving(talk) as port``."""

    def __init__(self, serve: Serve, **options: Any) -> None:
        self._serve, self._options = serve, options

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, LOCAL, 0, **self._options)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()


def answering(status: str, body: bytes = b"ok\n", *headers: str) -> Serve:
    """A server that gives every request of a connection the same answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    answer = "\r\n".join([*lines, "", ""]).encode() + body

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
        except (EOFError, OSError):
            writer.close()

    return talk
