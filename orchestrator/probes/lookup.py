"""Where a probe's questions go: addresses of a name, as the asking host finds them.

A probe measures a path, so a name is looked up once before the first question, and again after
each question that failed: in the background, while the next ones go to the last known address.
Only where there is no address at all does a question wait for the lookup, and fail with it.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Iterable
from ipaddress import ip_address

from orchestrator.probes import dnswire
from orchestrator.probes.question import Failed, Opener, Setting

DNS_PORT = 53
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_TRIES, _TRY_S = 3, 1.0


class Target:
    """The addresses of one name, of a node or of the DNS, or an address itself."""

    def __init__(self, setting: Setting, name: str) -> None:
        self._setting, self._name = setting, name
        self._fixed = _fixed(setting, name)
        self._chosen = ""
        self._lookup: asyncio.Task[str] | None = None

    async def address(self) -> str:
        """Where to ask now. Raises Failed: "dns" without an address, "unreachable" without a
        route to any."""
        return self._chosen or await asyncio.shield(self._running())

    def again(self) -> None:
        """Look it up again, behind the questions' backs."""
        self._running()

    def _running(self) -> asyncio.Task[str]:
        if self._lookup is None or self._lookup.done():
            self._lookup = asyncio.create_task(self._choose())
            self._lookup.add_done_callback(_seen)
        return self._lookup

    async def _choose(self) -> str:
        addresses = self._fixed or await self._ask()
        self._chosen = _reachable(addresses, self._setting.open)
        return self._chosen

    async def _ask(self) -> tuple[str, ...]:
        family = self._setting.run.options.get("family", "")
        kinds = [kind for kind, of in ((dnswire.AAAA, "6"), (dnswire.A, "4")) if family in ("", of)]
        found = await asyncio.gather(*(look_up(self._setting, self._name, kind) for kind in kinds))
        if addresses := tuple(address for answer in found for address in answer):
            return addresses
        raise Failed("dns", f"{self._name} has no address")


def _seen(task: asyncio.Task[str]) -> None:
    """A lookup that failed with nobody waiting for it is no news."""
    if not task.cancelled():
        task.exception()


def _fixed(setting: Setting, name: str) -> tuple[str, ...]:
    """Addresses that need no lookup, IPv6 first; () for a name of the DNS."""
    try:
        return (str(ip_address(name)),)
    except ValueError:
        return of_family(setting.known.get(name, ()), setting.run.options.get("family", ""))


def of_family(addresses: Iterable[str], family: str) -> tuple[str, ...]:
    """Those of the family "4" or "6", or IPv6 before IPv4 for ""."""
    kept = [each for each in addresses if family in ("", version_of(each))]
    return tuple(sorted(kept, key=version_of, reverse=True))


def version_of(address: str) -> str:
    """ "4" or "6"."""
    return "6" if ":" in address else "4"


def _reachable(addresses: Iterable[str], opener: Opener) -> str:
    """The first to which the host has a route."""
    reason = Failed("unreachable", "no address of that family")
    for address in addresses:
        try:
            with opener(FAMILIES[int(version_of(address))], socket.SOCK_DGRAM, 0) as trying:
                trying.connect((address, DNS_PORT))  # sends nothing (udp(7))
            return address
        except OSError as error:
            reason = Failed("unreachable", error.strerror or str(error))
    raise reason


async def look_up(setting: Setting, name: str, kind: int) -> tuple[str, ...]:
    """Addresses of a name, as resolv.conf(5) has a host ask: each resolver, a few times.

    Raises Failed("dns").
    """
    reason = "no resolver" if not setting.resolvers else "no answer"
    for resolver in setting.resolvers * _TRIES:
        try:
            async with asyncio.timeout(_TRY_S):
                answer = await ask_once(setting.open, resolver, name, kind)
        except (OSError, Failed) as error:
            reason = str(error) or reason
            continue
        if answer.rcode:
            raise Failed("dns", answer.status)
        return answer.addresses
    raise Failed("dns", reason)


async def ask_once(opener: Opener, server: str, name: str, kind: int) -> dnswire.Answer:
    """One query over UDP and its answer, with an identifier and a port of its own (RFC 5452)."""
    with opener(FAMILIES[int(version_of(server))], socket.SOCK_DGRAM, 0) as asking:
        asking.setblocking(False)
        asking.connect((server, DNS_PORT))
        return await exchange(asking, name, kind)


async def exchange(asking: socket.socket, name: str, kind: int) -> dnswire.Answer:
    """Ask over a connected socket; what does not answer the question is passed over."""
    loop, identifier = asyncio.get_running_loop(), secrets.randbelow(1 << 16)
    await loop.sock_sendall(asking, dnswire.write_query(name, kind, identifier))
    while True:
        try:
            answer = dnswire.read_answer(await loop.sock_recv(asking, 1 << 16))
        except ValueError:
            continue
        if answer.identifier == identifier:
            return answer
