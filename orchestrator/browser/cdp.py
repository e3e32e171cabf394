"""The Chrome DevTools Protocol over a pair of pipes.

`--remote-debugging-pipe` makes Chromium read commands on descriptor 3 and write answers and events
on descriptor 4, each a JSON object ended by a NUL octet. A command has an id, its answer the same
id; anything without an id is an event. A page is spoken to through a session: attaching to it
gives an id that every message to and from it carries ("flat" sessions).
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from orchestrator.errors import DeployError

Message = dict[str, Any]
TERMINATOR = b"\0"
CALL_TIMEOUT_S = 10.0


class ByteStream(Protocol):
    """What the protocol needs of its pipes; runtime.exec.ExecStream is one."""

    def write(self, data: bytes) -> None: ...

    def read(self, timeout_s: float) -> bytes:
        """Some octets; b"" at the end. Raises TimeoutError after `timeout_s` seconds."""
        ...


class Connection:
    """One browser: commands out, answers back, events kept in the order they came.

    An event that has a handler, by its method, goes there and nowhere else.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._received = bytearray()
        self._messages: deque[Message] = deque()
        self._answers: dict[int, Message] = {}
        self._last_id = 0
        self.events: list[Message] = []
        self.handlers: dict[str, Callable[[Message], None]] = {}

    def send(self, method: str, session: str | None = None, **params: object) -> int:
        """Send one command and return its id, with which `answer` finds what comes back."""
        self._last_id += 1
        message: Message = {"id": self._last_id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._stream.write(json.dumps(message).encode() + TERMINATOR)
        return self._last_id

    def answer(self, command: int, deadline: float) -> Message:
        """The result of command number `command`, waited for until `deadline` (monotonic).

        Raises TimeoutError, and DeployError when the browser refuses the command or is gone.
        """
        while command not in self._answers:
            self.pump(deadline)
        answer = self._answers.pop(command)
        if "error" in answer:
            raise DeployError(f"the browser refused a command: {answer['error']['message']}")
        result: Message = answer["result"]
        return result

    def call(
        self,
        method: str,
        session: str | None = None,
        *,
        deadline: float | None = None,
        **params: object,
    ) -> Message:
        """`send` and `answer` in one; a browser gets ten seconds when no deadline is given."""
        if deadline is None:
            deadline = time.monotonic() + CALL_TIMEOUT_S
        return self.answer(self.send(method, session, **params), deadline)

    def pump(self, deadline: float) -> None:
        """Take in one message: an answer is kept for its command, an event goes to `events`.

        Raises TimeoutError after `deadline` (monotonic), DeployError when the browser is gone.
        """
        message = self._next_message(deadline)
        if "id" in message:
            self._answers[message["id"]] = message
        else:
            self.handlers.get(message["method"], self.events.append)(message)

    def _next_message(self, deadline: float) -> Message:
        while not self._messages:
            data = self._stream.read(max(0.0, deadline - time.monotonic()))
            if not data:
                raise DeployError("the browser ended unexpectedly")
            self._messages.extend(self._split(data))
        return self._messages.popleft()

    def _split(self, data: bytes) -> Iterator[Message]:
        *whole, rest = (self._received + data).split(TERMINATOR)
        self._received = bytearray(rest)
        return (json.loads(text) for text in whole)
