"""Where addresses come from: pools that hand out prefixes in order, and MACs by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from typing import NamedTuple

from orchestrator.plan.addresses import HostAddress, Prefix, overlap

# RFC 2544 (benchmarks), and when that is full, RFC 6598 (between a carrier and its customers).
PUBLIC = (IPv4Network("198.18.0.0/15"), IPv4Network("100.64.0.0/10"))
PUBLIC6 = IPv6Network("3fff::/20")  # RFC 9637: for documentation, as large as a registry's
EXCHANGES6 = IPv6Network("2001:db8::/33")  # RFC 3849, the lower half
ANYCAST6 = IPv6Network("2001:db8:8000::/33")  # the upper half
HOMES = IPv4Network("192.168.0.0/16")  # RFC 1918
DATACENTERS = IPv4Network("10.0.0.0/8")  # RFC 1918
DATACENTERS6 = IPv6Network("fd00:10::/32")  # RFC 4193
# Links that a user draws without addresses.
BY_HAND = IPv4Network("172.16.0.0/12")  # RFC 1918
BY_HAND6 = IPv6Network("fd00:172:16::/48")  # RFC 4193


class Lengths(NamedTuple):
    """How long a prefix of each family is, in bits."""

    v4: int
    v6: int


SYSTEM, LAN = Lengths(22, 32), Lengths(24, 64)
EXCHANGE, ANYCAST = Lengths(24, 64), Lengths(24, 48)
LOOPBACK, POINT_TO_POINT = Lengths(32, 128), Lengths(31, 127)
LINE, DELEGATED_LENGTH = Lengths(31, 64), 56


Pair = tuple[IPv4Network, IPv6Network]


class PoolExhausted(Exception):
    """A pool has no free prefix of the length asked for."""


class Pool:
    """Hands out prefixes of some blocks in order, never one that overlaps ``reserved``.

    ``whole`` is what a user knows them as a part of, ``remedy`` what to do when they are full.
    """

    def __init__(
        self,
        blocks: Prefix | Sequence[Prefix],
        reserved: Iterable[Prefix] = (),
        whole: Prefix | None = None,
        remedy: str = "",
        descending: bool = False,
    ) -> None:
        self.blocks = [blocks] if isinstance(blocks, IPv4Network | IPv6Network) else list(blocks)
        self.whole, self.remedy = whole or self.blocks[0], remedy
        self._reserved, self._descending = list(reserved), descending
        self._next: int | None = None

    def take(self, length: int) -> Prefix:
        """The next free prefix of ``length`` bits. Raises PoolExhausted."""
        prefix = self._free(length)
        while prefix is None and len(self.blocks) > 1:
            self.blocks.pop(0)
            self._next = None
            prefix = self._free(length)
        if prefix is None:
            raise PoolExhausted(f"{self.whole} has no free /{length} left")
        self._next = self._behind(prefix)
        return prefix

    def _free(self, length: int) -> Prefix | None:
        """The first in what is left of a block. Goes over reserved prefixes in one step: of those
        that a reserved one of IPv6 holds, there can be too many to try."""
        prefix = self._first(length, self._next)
        while prefix is not None:
            taken = next((entry for entry in self._reserved if overlap(prefix, entry)), None)
            if taken is None:
                return prefix
            prefix = self._first(length, self._behind(taken))
        return None

    def _behind(self, prefix: Prefix) -> int:
        """Where a pool goes on after a prefix."""
        if self._descending:
            return int(prefix.network_address)
        return int(prefix.broadcast_address) + 1

    def _first(self, length: int, at: int | None) -> Prefix | None:
        """The first prefix of a block from an address on, or from its beginning."""
        block = self.blocks[0]
        first, end = int(block.network_address), int(block.broadcast_address) + 1
        size = 1 << (block.max_prefixlen - length)
        if self._descending:
            start = (end if at is None else at) // size * size - size
        else:
            start = -(-(first if at is None else at) // size) * size
        return type(block)((start, length)) if first <= start <= end - size else None


class Pools(NamedTuple):
    """A pool of each family, asked together."""

    v4: Pool
    v6: Pool


class SystemPools:
    """The prefixes of an AS in parts: loopbacks, its servers and customers, its links.

    The IPv4 prefix must be a /30 or larger; the parts are a quarter, a quarter and a half of it.
    Of the IPv6 prefix each is a quarter, and the last one is for delegation to customers.
    """

    def __init__(
        self, prefix: IPv4Network, prefix6: IPv6Network, reserved: Iterable[Prefix] = ()
    ) -> None:
        lower, upper = prefix.subnets()
        first, second, third, fourth = prefix6.subnets(prefixlen_diff=2)
        # The network's own address would read as the AS, not as a router of it.
        taken = [
            IPv4Network((prefix.network_address, 32)),
            IPv6Network((prefix6.network_address, 128)),
            *reserved,
        ]

        def pools(block: IPv4Network, block6: IPv6Network) -> Pools:
            return Pools(
                Pool(block, taken, prefix, "give the AS a wider 'prefix'"),
                Pool(block6, taken, prefix6, "give the AS a wider 'prefix6'"),
            )

        loopbacks, services = lower.subnets()
        self.loopbacks = pools(loopbacks, first)
        self.services = pools(services, second)
        self.links = pools(upper, third)
        self.delegated = Pool(fourth, reserved, prefix6, "give the AS a wider 'prefix6'")


def mac_address(node: int, interface: int) -> str:
    """A locally administered MAC that reads as node number and interface number."""
    octets = (0x02, 0x4C, *divmod(node, 256), *divmod(interface, 256))
    return ":".join(f"{octet:02x}" for octet in octets)


def interface_of(prefix: Prefix, offset: int) -> HostAddress:
    """The address ``offset`` places into a prefix, with the prefix's length."""
    address = int(prefix.network_address) + offset
    if isinstance(prefix, IPv4Network):
        return IPv4Interface((address, prefix.prefixlen))
    return IPv6Interface((address, prefix.prefixlen))
