"""What speaks routing protocols must know: OSPF, BGP, BFD, RPKI, and lines to subscribers."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, IPv6Network
from typing import Literal

from orchestrator.plan.addresses import Address, Family, Prefix

# What the neighbour of a BGP session is to us (RFC 7908 uses the same words). A member is
# somebody whose route server we are; their side of that session has a peer.
Relation = Literal["customer", "peer", "provider", "internal", "member"]

PREFERENCES: dict[Relation, int] = {
    "customer": 300,
    "peer": 200,
    "provider": 100,
    "internal": 100,
    "member": 100,
}
RTR_PORT = 8282  # above 1024, where a plain user may listen

# What every BIRD is told, and the computation of routes goes by.
MOST_NEXT_HOPS = 16  # of one route, by OSPF's ``ecmp`` and the kernel's ``merge paths``
LONGEST_AS_PATH = 64  # longer ones are refused on import
# The lengths of prefixes that import filters let through, by version of IP.
SANE_LENGTHS: dict[Family, range] = {4: range(8, 25), 6: range(16, 49)}


@dataclass(frozen=True)
class Bfd:
    """Bidirectional forwarding detection (RFC 5880): down after ``multiplier`` silent intervals."""

    interval_ms: int
    multiplier: int


@dataclass(frozen=True)
class OspfPort:
    """An interface in OSPF's area 0, of both versions. A stub only announces its prefixes."""

    interface: str
    cost: int
    stub: bool
    bfd: Bfd | None = None


@dataclass(frozen=True)
class BgpPolicy:
    """What is done to the routes of one session beyond what its relation says.

    On import: ``preference`` in place of the relation's local preference, and ``limit``, the most
    prefixes that are accepted before the session is shut (0: any number). On export: our ASN
    ``prepend`` times more, ``med`` (RFC 4271, 5.1.4), and ``no_export`` (RFC 1997).
    """

    preference: int | None = None
    limit: int = 0
    prepend: int = 0
    med: int | None = None
    no_export: bool = False


@dataclass(frozen=True)
class BgpSession:
    """One BGP session, of one family, over that family.

    ``client`` says of an internal neighbour that it is our client for route reflection (RFC 4456),
    ``route_server`` of a peer that it is an exchange's and stands for its members (RFC 7947).
    """

    name: str
    relation: Relation
    local: Address
    neighbour: Address
    neighbour_asn: int
    neighbour_node: str
    client: bool = False
    route_server: bool = False
    policy: BgpPolicy = BgpPolicy()
    bfd: Bfd | None = None
    hold_s: int = 90

    @property
    def family(self) -> Family:
        """The session's address family: 4 or 6."""
        return self.neighbour.version

    @property
    def preference(self) -> int:
        """The local preference of what is heard over it: more for what we are paid to carry, less
        for what costs us."""
        if self.policy.preference is not None:
            return self.policy.preference
        return PREFERENCES[self.relation]


@dataclass(frozen=True)
class Origin:
    """A prefix that a router announces of itself.

    ``hijack`` says that it is somebody else's: no router may have it in its own AS's name.
    """

    prefix: Prefix
    hijack: bool = False


@dataclass(frozen=True)
class RtrServer:
    """Where a router asks which AS may originate what (RFC 8210)."""

    node: str
    address: IPv4Address
    port: int

    @property
    def protocol(self) -> str:
        """What BIRD calls the session."""
        return f"rtr_{self.node}".replace("-", "_")


@dataclass(frozen=True)
class AccessLine:
    """A subscriber's line at an access router, and what its subscriber is given over it.

    ``address`` by DHCPv4 with ``router`` as gateway, ``address6`` by DHCPv6, and ``delegated``, a
    prefix of its own (RFC 8415, 6.3).
    """

    interface: str
    subscriber: str
    mac: str
    address: IPv4Interface
    router: IPv4Address
    address6: IPv6Interface
    delegated: IPv6Network


@dataclass(frozen=True)
class RouterSettings:
    """A BIRD router. ``own`` and ``bogons`` are never accepted from outside.

    ``hello_s`` and ``dead_s`` are OSPF's; ``ecmp`` uses paths of equal cost side by side.
    ``lines`` are those of an access router, which hands their subscribers ``resolvers``.
    """

    router_id: IPv4Address
    asn: int
    originated: tuple[Origin, ...]
    own: tuple[Prefix, ...]
    bogons: tuple[Prefix, ...]
    ospf: tuple[OspfPort, ...]
    sessions: tuple[BgpSession, ...]
    hello_s: int = 1
    dead_s: int = 4
    ecmp: bool = True
    graceful_restart: bool = False
    rtr: tuple[RtrServer, ...] = ()
    lines: tuple[AccessLine, ...] = ()
    resolvers: tuple[Address, ...] = ()


@dataclass(frozen=True)
class RouteServerSettings:
    """An exchange's route server: a BIRD that passes on routes and forwards nothing."""

    router_id: IPv4Address
    asn: int
    bogons: tuple[Prefix, ...]
    sessions: tuple[BgpSession, ...]


@dataclass(frozen=True)
class Speaker:
    """A BIRD beside a server: it announces the addresses the server shares while that is well."""

    router_id: IPv4Address
    asn: int
    announced: tuple[Prefix, ...]
    sessions: tuple[BgpSession, ...]


@dataclass(frozen=True)
class Roa:
    """A route origin authorisation (RFC 9582): this AS, this prefix, down to ``max_length``."""

    prefix: Prefix
    max_length: int
    asn: int


@dataclass(frozen=True)
class RpkiSettings:
    """A cache of validated ROAs, served by stayrtr."""

    roas: tuple[Roa, ...]
