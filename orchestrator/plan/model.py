"""What was decided: every node, interface, link, session, zone and certificate of a lab.

A plan is a value. The same topology gives the same plan, byte for byte: nothing in here
is random, timed, or read from the machine. Addresses come in tuples: IPv4 first, then IPv6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from orchestrator.plan.addresses import Address, HostAddress, Mac, Prefix, link_local
from orchestrator.plan.impairment import CLEAR, Impairment
from orchestrator.plan.kept import Asked
from orchestrator.plan.routing import Speaker
from orchestrator.plan.services import Settings

# What a switch is: in a home or a data centre, or where networks meet.
LAN_SWITCH, IXP_SWITCH = "lan", "ixp"


@dataclass(frozen=True)
class Interface:
    """One end of a link, inside a node.

    ``index`` is the interface index inside the namespace. It is unique in the whole lab,
    because veth ends that share an index report a lost carrier up to a second late.
    ``dhcp`` says that the interface asks for its addresses (DHCP, router advertisements).
    """

    name: str
    mac: Mac
    index: int
    link: str
    addresses: tuple[HostAddress, ...] = ()
    dhcp: bool = False

    @property
    def link_local(self) -> IPv6Address:
        """The address it has on its link before it has any other."""
        return link_local(self.mac)


@dataclass(frozen=True)
class Route:
    """A static route that the orchestrator installs before the node's daemons start.

    ``interface`` is named where ``via`` is link-local, and means nothing without it.
    """

    destination: Prefix
    via: Address
    interface: str = ""


@dataclass(frozen=True)
class Node:
    """One container. ``asn`` is None for what stands behind a home's NAT.

    ``loopbacks`` are its own addresses on ``lo``, ``anycast`` those it shares with other nodes;
    ``speaker`` is the BGP speaker beside the server of a node that has such.
    """

    name: str
    role: str
    number: int
    asn: int | None
    place: str
    interfaces: tuple[Interface, ...]
    settings: Settings
    loopbacks: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    anycast: tuple[Address, ...] = ()
    speaker: Speaker | None = None

    def interface(self, name: str) -> Interface:
        """The interface called ``name``; KeyError where there is none."""
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(f"{self.name}:{name}")

    @property
    def addresses(self) -> tuple[Address, ...]:
        """What others know it by, IPv4 first: its loopbacks, else those of its first port."""
        return self.loopbacks or tuple(entry.ip for entry in self.interfaces[0].addresses)

    @property
    def address(self) -> IPv4Address:
        """The IPv4 address others know it by."""
        return next(a for a in self.addresses if isinstance(a, IPv4Address))

    @property
    def served(self) -> tuple[Address, ...]:
        """Where its server answers: at its own addresses, and at those it shares."""
        return (*self.addresses, *self.anycast)


@dataclass(frozen=True)
class Switch:
    """A bridge in a namespace of its own: a home's LAN, a data centre's, an IXP's."""

    name: str
    kind: str
    prefixes: tuple[Prefix, ...]
    ports: tuple[Interface, ...]

    @property
    def is_ixp(self) -> bool:
        """Whether networks meet at it."""
        return self.kind == IXP_SWITCH


@dataclass(frozen=True, order=True)
class Endpoint:
    """``node:interface``; the node may be a switch."""

    node: str
    interface: str

    def __str__(self) -> str:
        return f"{self.node}:{self.interface}"


@dataclass(frozen=True)
class Link:
    """A wire between two endpoints. ``mtu`` in bytes of IP; ``ab`` is what happens to frames
    from ``a`` to ``b``, ``ba`` to those of the other direction."""

    name: str
    a: Endpoint
    b: Endpoint
    mtu: int = 1500
    ab: Impairment = CLEAR
    ba: Impairment = CLEAR


@dataclass(frozen=True)
class AutonomousSystem:
    """An AS as the others see it: its number, its prefixes and its neighbours' numbers."""

    name: str
    asn: int
    prefixes: tuple[Prefix, ...]
    routers: tuple[str, ...]
    providers: tuple[int, ...]
    peers: tuple[int, ...]
    customers: tuple[int, ...]


@dataclass(frozen=True)
class CertRequest:
    """A leaf certificate wanted at ``/lab/tls/<name>.{pem,key}`` of a node."""

    node: str
    name: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Expectation:
    """What a topology promises: a visit from a host to a URL ends with this status."""

    visit: str
    source: str
    status: int


@dataclass(frozen=True)
class AnycastService:
    """One address (of each family) at several nodes: whoever is nearest in BGP answers."""

    name: str
    asn: int
    prefixes: tuple[Prefix, ...]
    addresses: tuple[Address, ...]
    instances: tuple[str, ...]


@dataclass(frozen=True)
class Plan(Asked):
    """A whole lab, decided. Dictionaries are keyed by name, in the order of the topology."""

    name: str
    about: str
    nodes: dict[str, Node]
    switches: dict[str, Switch]
    links: dict[str, Link]
    systems: dict[int, AutonomousSystem]
    certificates: tuple[CertRequest, ...]
    zones: tuple[str, ...]
    sites: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    anycast: dict[str, AnycastService] = field(default_factory=dict)

    def with_role(self, *roles: str) -> tuple[Node, ...]:
        """The nodes that play one of ``roles``, in the order of the plan."""
        return tuple(node for node in self.nodes.values() if node.role in roles)

    def owner_of(self, address: Address) -> Node | None:
        """The node that holds ``address`` alone, or None."""
        for node in self.nodes.values():
            held = [entry.ip for port in node.interfaces for entry in port.addresses]
            if address in (*node.loopbacks, *held):
                return node
        return None
