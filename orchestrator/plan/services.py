"""What each kind of server must know: one frozen value per role, found in ``Node.settings``."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
)

from orchestrator.plan.addresses import Address, Prefix
from orchestrator.plan.routing import RouterSettings, RouteServerSettings, RpkiSettings


@dataclass(frozen=True)
class Lease:
    """A DHCP reservation: this MAC is always offered this address; ``address6`` is by SLAAC."""

    host: str
    mac: str
    address: IPv4Address
    address6: IPv6Address


@dataclass(frozen=True)
class GatewaySettings:
    """A home gateway: addresses from the ISP outside; NAT, DHCP, RA and a DNS cache inside.

    ``lan6`` is the first /64 of the ``delegated`` prefix.
    """

    lan: IPv4Network
    address: IPv4Address
    lan6: IPv6Network
    address6: IPv6Address
    leases: tuple[Lease, ...]
    resolvers: tuple[Address, ...]
    wan: IPv4Address
    wan6: IPv6Address
    delegated: IPv6Network


@dataclass(frozen=True)
class HostSettings:
    """A client machine. ``gateway`` is where it asks for its addresses, or "" when static."""

    gateway: str
    leases: tuple[Address, ...]
    resolver: IPv4Address | None
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """One resource record (RFC 1035): owner as written in the zone, TTL in seconds, type."""

    owner: str
    ttl: int
    type: str
    value: str


@dataclass(frozen=True)
class Zone:
    """A zone as one view of it is served. ``name`` ends with a dot."""

    name: str
    file: str
    primary: str
    records: tuple[Record, ...]


@dataclass(frozen=True)
class View:
    """The zones shown to resolvers within ``clients``; empty means everybody."""

    name: str
    clients: tuple[Prefix, ...]
    zones: tuple[Zone, ...]


@dataclass(frozen=True)
class NameServerSettings:
    """An authoritative BIND server."""

    views: tuple[View, ...]


@dataclass(frozen=True)
class RootHint:
    """A root server as resolvers are told of it (RFC 8109)."""

    name: str
    addresses: tuple[Address, ...]


@dataclass(frozen=True)
class ResolverSettings:
    """A recursive BIND resolver, which answers only ``clients``."""

    hints: tuple[RootHint, ...]
    clients: tuple[Prefix, ...]
    probe: str


@dataclass(frozen=True)
class Site:
    """A web site as its front serves it. ``origin`` is where a miss goes."""

    host: str
    origin: IPv4Address


@dataclass(frozen=True)
class EdgeSettings:
    """An nginx cache at the CDN's edge."""

    sites: tuple[Site, ...]


@dataclass(frozen=True)
class Backend:
    """A server behind the balancer."""

    node: str
    address: IPv4Address
    port: int


@dataclass(frozen=True)
class BalancerSettings:
    """HAProxy. ``tls_hosts`` are the sites it terminates itself, because no CDN fronts them."""

    web: tuple[Backend, ...]
    apps: tuple[Backend, ...]
    tls_hosts: tuple[str, ...]


@dataclass(frozen=True)
class WebSettings:
    """nginx for the shop's static files."""


@dataclass(frozen=True)
class AppSettings:
    """The shop's application server."""

    database: IPv4Address


@dataclass(frozen=True)
class DatabaseSettings:
    """PostgreSQL; only ``clients`` may connect."""

    clients: tuple[IPv4Address, ...]


Settings = (
    RouterSettings
    | RouteServerSettings
    | RpkiSettings
    | GatewaySettings
    | HostSettings
    | NameServerSettings
    | ResolverSettings
    | EdgeSettings
    | BalancerSettings
    | WebSettings
    | AppSettings
    | DatabaseSettings
)
