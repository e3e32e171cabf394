"""What each kind of server must know: one frozen value per role, found in ``Node.settings``."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

Relation = Literal["customer", "peer", "provider", "internal"]


@dataclass(frozen=True)
class OspfPort:
    """An interface in OSPF's area 0. A stub announces its prefix and speaks to nobody."""

    interface: str
    cost: int
    stub: bool


@dataclass(frozen=True)
class BgpSession:
    """One BGP session. ``relation`` is what the neighbour is to us (RFC 7908 uses the same)."""

    name: str
    relation: Relation
    local: IPv4Address
    neighbour: IPv4Address
    neighbour_asn: int
    neighbour_node: str


@dataclass(frozen=True)
class RouterSettings:
    """A BIRD router."""

    router_id: IPv4Address
    asn: int
    originated: tuple[IPv4Network, ...]
    ospf: tuple[OspfPort, ...]
    sessions: tuple[BgpSession, ...]


@dataclass(frozen=True)
class Lease:
    """A DHCP reservation: this MAC is always offered this address."""

    host: str
    mac: str
    address: IPv4Address


@dataclass(frozen=True)
class GatewaySettings:
    """A home gateway: NAT towards the ISP, DHCP and a DNS cache towards the LAN."""

    lan: IPv4Network
    address: IPv4Address
    leases: tuple[Lease, ...]
    resolver: IPv4Address


@dataclass(frozen=True)
class HostSettings:
    """A client machine. ``gateway`` is where it asks for its address, or "" when static."""

    gateway: str
    lease: IPv4Address | None
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
    clients: tuple[IPv4Network, ...]
    zones: tuple[Zone, ...]


@dataclass(frozen=True)
class NameServerSettings:
    """An authoritative BIND server."""

    views: tuple[View, ...]


@dataclass(frozen=True)
class RootHint:
    """A root server as resolvers are told of it (RFC 8109)."""

    name: str
    address: IPv4Address


@dataclass(frozen=True)
class ResolverSettings:
    """A recursive BIND resolver, which answers only its own AS."""

    hints: tuple[RootHint, ...]
    clients: tuple[IPv4Network, ...]
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
