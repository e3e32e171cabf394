"""Addresses of both families, and the ones that follow from a MAC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Annotated, Literal, TypeVar

Family = Literal[4, 6]
FAMILIES: tuple[Family, Family] = (4, 6)

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def check_mac(text: str) -> None:
    """Raise ValueError for what is no MAC address as we write them: in lower case, with colons."""
    if not _MAC.fullmatch(text):
        raise ValueError("it is no MAC address")


Mac = Annotated[str, check_mac]
Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network
HostAddress = IPv4Interface | IPv6Interface

Addressed = TypeVar("Addressed", Address, Prefix, HostAddress)

EVERYWHERE: tuple[Prefix, Prefix] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
_LINK_LOCAL = IPv6Network("fe80::/64")


def of_family(entries: Iterable[Addressed], family: Family) -> tuple[Addressed, ...]:
    """Those of one family, in their order."""
    return tuple(entry for entry in entries if entry.version == family)


def holds(prefix: Prefix, address: Address) -> bool:
    """Whether an address lies in a prefix; never one of the other family."""
    return prefix.version == address.version and address in prefix


def overlap(a: Prefix, b: Prefix) -> bool:
    """Whether two prefixes share addresses; those of different families never do."""
    return a.version == b.version and a.overlaps(b)


def within(inner: Prefix, outer: Prefix) -> bool:
    """Whether one prefix is the other or lies in it."""
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def in_url(address: Address) -> str:
    """An address as it stands before a port: IPv6 in brackets (RFC 3986, 3.2.2)."""
    return f"[{address}]" if address.version == 6 else str(address)


def eui64(prefix: IPv6Network, mac: str) -> IPv6Address:
    """The address that SLAAC makes of a /64 and a MAC (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    flipped = bytes([octets[0] ^ 0x02])
    identifier = flipped + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Address(int(prefix.network_address) | int.from_bytes(identifier))


def link_local(mac: str) -> IPv6Address:
    """The link-local address that the kernel gives an interface (RFC 4862, 5.3)."""
    return eui64(_LINK_LOCAL, mac)
