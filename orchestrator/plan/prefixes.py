"""Which of many prefixes lie around one: a look-up per length, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Generic, TypeVar

from orchestrator.plan.addresses import Address, Prefix

Value = TypeVar("Value")


class PrefixIndex(Generic[Value]):
    """Values filed under prefixes of both families."""

    def __init__(self, entries: Iterable[tuple[Prefix, Value]] = ()) -> None:
        self._filed: dict[tuple[int, int, int], list[Value]] = {}
        for prefix, value in entries:
            length = prefix.prefixlen
            key = (prefix.version, length, _bits(prefix, length))
            self._filed.setdefault(key, []).append(value)

    def around(self, prefix: Prefix) -> Iterator[Value]:
        """The values of the prefixes that hold ``prefix``, the longest first."""
        for length in range(prefix.prefixlen, -1, -1):
            yield from self._filed.get((prefix.version, length, _bits(prefix, length)), ())

    def around_address(self, address: Address) -> Iterator[Value]:
        """The same for an address."""
        return self.around(ip_network(address))


def _bits(prefix: Prefix, length: int) -> int:
    return int(prefix.network_address) >> (prefix.max_prefixlen - length)
