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
            bits = int(prefix.network_address) >> (prefix.max_prefixlen - length)
            self._filed.setdefault((prefix.version, length, bits), []).append(value)
        self._lengths = sorted({length for _, length, _ in self._filed}, reverse=True)

    def around(self, prefix: Prefix) -> Iterator[Value]:
        """The values of the prefixes that hold ``prefix``, the longest first."""
        version, start, width = prefix.version, int(prefix.network_address), prefix.max_prefixlen
        for length in self._lengths:
            if length <= prefix.prefixlen:
                yield from self._filed.get((version, length, start >> (width - length)), ())

    def around_address(self, address: Address) -> Iterator[Value]:
        """The same for an address."""
        return self.around(ip_network(address))
