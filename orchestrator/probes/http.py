"""A web page asked for over a new connection each time, as a new visitor would: TCP, TLS, request.

TLS is checked against the lab's root and the name in the URL. Redirects are answers, not followed.
Each question is over one address, which the sample names; probes/lookup.py says which.
"""

from __future__ import annotations

from orchestrator.probes.http1 import connect, place_of, read_response, secrets_kept
from orchestrator.probes.lookup import Target
from orchestrator.probes.question import Failed, Question, Setting

_FIRST_ERROR = 400


class Http:
    """Asks a URL with GET."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._place = place_of(setting.run.target)
        self._target = Target(setting, self._place.name)
        self._context = secrets_kept(setting.ca, setting.keylog)

    async def prepare(self) -> None:
        """Look up the target's name, so that questions need not wait for it."""
        await self._target.address()

    async def ask(self, question: Question) -> None:
        """One request. A status of 400 or more is "http"."""
        try:
            await self._ask(question)
        except BaseException:
            self._target.again()
            raise

    async def _ask(self, question: Question) -> None:
        address = await self._target.address()
        reader, writer = await connect(self._setting, self._context, self._place, address, question)
        try:
            writer.write(self._place.request(close=True))
            response = await read_response(reader)
        except BaseException:
            writer.transport.abort()
            raise
        writer.close()
        question.detail = response.told
        if response.status >= _FIRST_ERROR:
            raise Failed("http", response.told)

    def close(self) -> None:
        """Each question has a connection of its own."""
