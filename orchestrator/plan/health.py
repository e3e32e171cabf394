"""What a node must be seen to serve before the lab calls itself ready.

A check says what to ask and what answer counts; the runtime asks it from inside the
node's own namespace, so no check crosses the lab or leaves a packet on a link.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.plan.addresses import Address, Prefix


@dataclass(frozen=True)
class BirdCheck:
    """BIRD answers, its sessions (BGP, RTR) are up and these prefixes are in its tables; it has
    shut those that have more prefixes than a limit lets in."""

    sessions: tuple[str, ...]
    prefixes: tuple[Prefix, ...]
    shut: tuple[str, ...] = ()


@dataclass(frozen=True)
class DnsCheck:
    """A server answers a question; ``authoritative`` asks for the AA bit as well."""

    address: Address
    name: str
    kind: str
    authoritative: bool


@dataclass(frozen=True)
class HttpCheck:
    """A server answers 200. With ``host`` the request goes over TLS, validated."""

    address: Address
    port: int
    path: str
    host: str = ""


@dataclass(frozen=True)
class TcpCheck:
    """Something accepts TCP connections at an address and port."""

    address: Address
    port: int


@dataclass(frozen=True)
class UdpCheck:
    """Something listens for datagrams; nothing is sent to see it."""

    port: int


@dataclass(frozen=True)
class LeaseCheck:
    """The interface holds this address, which only DHCP or an advertisement can have given it."""

    interface: str
    address: Address


HealthCheck = BirdCheck | DnsCheck | HttpCheck | TcpCheck | UdpCheck | LeaseCheck
