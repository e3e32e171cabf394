"""Where addresses come from: pools that hand out prefixes in order, and MACs by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

PUBLIC = IPv4Network("198.18.0.0/15")  # RFC 2544: for benchmarks, routed by nobody
HOMES = IPv4Network("192.168.0.0/16")  # RFC 1918
DATACENTERS = IPv4Network("10.0.0.0/8")  # RFC 1918
BY_HAND = IPv4Network("172.16.0.0/12")  # RFC 1918: links that a user draws without addresses
SYSTEM_LENGTH, EXCHANGE_LENGTH, LAN_LENGTH = 22, 24, 24


class PoolExhausted(Exception):
    """A pool has no free prefix of the length asked for."""


class Pool:
    """Hands out prefixes of a block, lowest first, never one that overlaps ``reserved``.

    ``whole`` is what a user knows the block as a part of, ``remedy`` what to do when it is full.
    """

    def __init__(
        self,
        block: IPv4Network,
        reserved: Iterable[IPv4Network] = (),
        whole: IPv4Network | None = None,
        remedy: str = "",
    ) -> None:
        self.block, self.whole, self.remedy = block, whole or block, remedy
        self._reserved = list(reserved)
        self._next = int(block.network_address)

    def take(self, length: int) -> IPv4Network:
        """The next free prefix of ``length`` bits. Raises PoolExhausted."""
        for prefix in self._candidates(length):
            if not any(prefix.overlaps(taken) for taken in self._reserved):
                self._next = int(prefix.broadcast_address) + 1
                return prefix
        raise PoolExhausted(f"{self.whole} has no free /{length} left")

    def _candidates(self, length: int) -> Iterator[IPv4Network]:
        size = 1 << (32 - length)
        start = -(-self._next // size) * size
        for address in range(start, int(self.block.broadcast_address) - size + 2, size):
            yield IPv4Network((address, length))


class SystemPools:
    """The prefix of an AS in three parts: loopbacks, its servers and customers, its links.

    The prefix must be a /30 or larger; the parts are a quarter, a quarter and a half of it.
    """

    def __init__(self, prefix: IPv4Network, reserved: Iterable[IPv4Network] = ()) -> None:
        lower, upper = prefix.subnets()
        loopbacks, services = lower.subnets()
        # The network's own address would read as the AS, not as a router of it.
        taken = [IPv4Network((prefix.network_address, 32)), *reserved]
        self.loopbacks, self.services, self.links = (
            Pool(block, taken, whole=prefix, remedy="give the AS a wider 'prefix'")
            for block in (loopbacks, services, upper)
        )


def mac_address(node: int, interface: int) -> str:
    """A locally administered MAC that reads as node number and interface number."""
    octets = (0x02, 0x4C, *divmod(node, 256), *divmod(interface, 256))
    return ":".join(f"{octet:02x}" for octet in octets)
