"""What a node must be seen to serve before the lab calls itself ready.

A probe says what to ask and what answer counts; the runtime asks it from inside the
node's own namespace, so no probe crosses the lab or leaves a packet on a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True)
class BirdProbe:
    """BIRD answers, its sessions are established and these prefixes are in its table."""

    sessions: tuple[str, ...]
    prefixes: tuple[IPv4Network, ...]


@dataclass(frozen=True)
class DnsProbe:
    """A server answers a question; ``authoritative`` asks for the AA bit as well."""

    address: IPv4Address
    name: str
    kind: str
    authoritative: bool


@dataclass(frozen=True)
class HttpProbe:
    """A server answers 200. With ``host`` the request goes over TLS, validated."""

    address: IPv4Address
    port: int
    path: str
    host: str = ""


@dataclass(frozen=True)
class TcpProbe:
    """Something listens."""

    address: IPv4Address
    port: int


@dataclass(frozen=True)
class LeaseProbe:
    """The interface holds this address, which only DHCP can have given it."""

    interface: str
    address: IPv4Address


Probe = BirdProbe | DnsProbe | HttpProbe | TcpProbe | LeaseProbe
