"""A name looked up: one query over UDP, never repeated, so that a lost packet is a lost question.

It goes to option "server" at option "port", else to the host's own resolver. A is asked for, or
AAAA where option "family" is 6 or the address of option "expect" is one of IPv6.
"""

from __future__ import annotations

import socket

from orchestrator.probes import dnswire
from orchestrator.probes.lookup import DNS_PORT, FAMILIES, Target, exchange, version_of
from orchestrator.probes.question import Failed, Question, Setting


class Dns:
    """Asks a resolver."""

    def __init__(self, setting: Setting) -> None:
        self._setting, options = setting, setting.run.options
        self._expected = options.get("expect", "")
        wanted = version_of(self._expected) if self._expected else options.get("family", "4")
        self._kind = dnswire.AAAA if wanted == "6" else dnswire.A
        server = options.get("server") or next(iter(setting.resolvers), "")
        self._port = int(options.get("port", DNS_PORT))
        self._server = Target(setting, server) if server else None

    async def prepare(self) -> None:
        """Nothing is known before the first question."""

    async def ask(self, question: Question) -> None:
        """One query. "dns" is an rcode other than 0, "wrong" no or not the expected address."""
        if self._server is None:
            raise Failed("dns", "the host has no resolver")
        address = await self._server.address()
        with self._setting.open(FAMILIES[int(version_of(address))], socket.SOCK_DGRAM, 0) as asking:
            asking.setblocking(False)
            asking.connect((address, self._port))
            question.source, question.source_port = asking.getsockname()[:2]
            question.target, question.target_port = address, self._port
            answer = await exchange(asking, self._setting.run.target, self._kind)
        question.detail = " ".join(answer.addresses) or answer.status
        if answer.rcode:
            raise Failed("dns", answer.status)
        if not answer.addresses:
            raise Failed("wrong", "no addresses")
        if self._expected and self._expected not in answer.addresses:
            raise Failed("wrong", " ".join(answer.addresses))

    def close(self) -> None:
        """Each question has a socket of its own."""
