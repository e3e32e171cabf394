"""One TCP connection kept open, with something asked over it again and again.

What is asked is HTTP: GET of option "path" (/healthz), over TLS where the port is 443. Questions do
not wait for the answers to those before them (RFC 9112, 9.3.2), so a stall is seen at once. The
connection is given up when TCP gives it up (RST, ICMP, or the other end closes it), never
because answers are late: how long TCP takes to get going again after an outage is what is measured.
"""

from __future__ import annotations

import asyncio
from collections import deque

from orchestrator.probes.http1 import Place, connect, read_response, secrets_kept
from orchestrator.probes.lookup import Target
from orchestrator.probes.question import Failed, Question, Setting

_TLS_PORT, _FIRST_ERROR = 443, 400
_Waiting = asyncio.Future[str]


class _Line:
    """A connection, and who waits for an answer over it; answers come in the order of asking."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.waiting: deque[_Waiting] = deque()
        self.usable = True
        self._listening = asyncio.create_task(self._listen(reader))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while self.usable:
                response = await read_response(reader)
                self.usable = not response.closes
                if self.waiting:
                    _settle(self.waiting.popleft(), response.told, response.status)
            self.end(ConnectionResetError())
        except (OSError, EOFError, Failed, ValueError) as error:
            self.end(error)

    def end(self, reason: BaseException) -> None:
        """No more of it: whoever waits gets the reason."""
        self.usable = False
        self.writer.transport.abort()
        while self.waiting:
            waiting = self.waiting.popleft()
            if not waiting.done():
                waiting.set_exception(reason)


def _settle(waiting: _Waiting, told: str, status: int) -> None:
    """Give an answer to the question it belongs to, unless its time was over."""
    if waiting.done():
        return
    if status >= _FIRST_ERROR:
        waiting.set_exception(Failed("http", told))
    else:
        waiting.set_result(told)


class Tcp:
    """Keeps a connection to a port, and makes a new one when it is gone."""

    def __init__(self, setting: Setting) -> None:
        options, name = setting.run.options, setting.run.target
        port = int(options.get("port", _TLS_PORT))
        self._setting = setting
        self._place = Place(port == _TLS_PORT, name, port, options.get("path", "/healthz"))
        self._target = Target(setting, name)
        self._context = secrets_kept(setting.ca, setting.keylog)
        self._line: _Line | None = None
        self._connecting: asyncio.Task[_Line] | None = None
        self._made = 0
        self._known = Question(0, 0)  # of the connection there is, or is tried

    async def prepare(self) -> None:
        """Look the name up, and connect."""
        await self._usable()

    async def ask(self, question: Question) -> None:
        """One request over the connection, or over a new one where it is gone."""
        try:
            line = await asyncio.shield(self._usable())
        finally:
            known = self._known
            question.source, question.source_port = known.source, known.source_port
            question.target, question.target_port = known.target, known.target_port
        waiting = asyncio.get_running_loop().create_future()
        line.waiting.append(waiting)
        line.writer.write(self._place.request(close=False))
        question.detail = self._told(await waiting)

    def _told(self, answer: str) -> str:
        return f"{answer}, reconnected {self._made - 1}×" if self._made > 1 else answer

    def _usable(self) -> asyncio.Task[_Line]:
        """The connection there is, or the making of one."""
        alive = self._line is not None and self._line.usable
        if self._connecting is None or (self._connecting.done() and not alive):
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(_seen)
        return self._connecting

    async def _connect(self) -> _Line:
        self._known = Question(0, 0)
        try:
            async with asyncio.timeout(self._setting.run.timeout_ms / 1e3):
                address = await self._target.address()
                reader, writer = await connect(
                    self._setting, self._context, self._place, address, self._known
                )
        except BaseException:
            self._target.again()
            raise
        self._made += 1
        self._line = _Line(reader, writer)
        return self._line

    def close(self) -> None:
        """Drop the connection, as it is when the host itself is gone."""
        if self._line is not None:
            self._line.end(Failed("reset", "the host went down"))


def _seen(task: asyncio.Task[_Line]) -> None:
    if not task.cancelled():
        task.exception()
