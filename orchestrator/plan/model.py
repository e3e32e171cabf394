"""What was decided: every node, interface, link, session, zone and certificate of a lab.

A plan is a value. The same topology gives the same plan, byte for byte: nothing in here
is random, timed, or read from the machine. Addresses are tuples so that a second family
stands beside the first; today every tuple holds IPv4.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from orchestrator.plan.impairment import CLEAR, Impairment
from orchestrator.plan.services import Settings


@dataclass(frozen=True)
class Interface:
    """One end of a link, inside a node.

    ``index`` is the interface index inside the namespace. It is unique in the whole lab,
    because veth ends that share an index report a lost carrier up to a second late.
    """

    name: str
    mac: str
    index: int
    link: str
    addresses: tuple[IPv4Interface, ...] = ()
    dhcp: bool = False

    @property
    def address(self) -> IPv4Address:
        """The first address; every interface but those that ask DHCP has one."""
        return self.addresses[0].ip


@dataclass(frozen=True)
class Route:
    """A static route that the orchestrator installs before the node's daemons start."""

    destination: IPv4Network
    via: IPv4Address


@dataclass(frozen=True)
class Node:
    """One container. ``asn`` is None for what stands behind a home's NAT."""

    name: str
    role: str
    number: int
    asn: int | None
    place: str
    interfaces: tuple[Interface, ...]
    settings: Settings
    loopback: IPv4Address | None = None
    routes: tuple[Route, ...] = ()

    def interface(self, name: str) -> Interface:
        """The interface called ``name``; KeyError where there is none."""
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(f"{self.name}:{name}")

    @property
    def address(self) -> IPv4Address:
        """The address others know the node by: its loopback, else that of its first port."""
        return self.loopback or self.interfaces[0].address


@dataclass(frozen=True)
class Switch:
    """A bridge in a namespace of its own: a home's LAN, a data centre's, an IXP's."""

    name: str
    kind: str
    prefix: IPv4Network
    ports: tuple[Interface, ...]


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
    """An AS as the others see it: its number, its prefix and its neighbours' numbers."""

    name: str
    asn: int
    prefix: IPv4Network
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
class Plan:
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

    def with_role(self, *roles: str) -> tuple[Node, ...]:
        """The nodes that play one of ``roles``, in the order of the plan."""
        return tuple(node for node in self.nodes.values() if node.role in roles)

    def owner_of(self, address: IPv4Address) -> Node | None:
        """The node that holds ``address``, or None."""
        for node in self.nodes.values():
            held = [entry.ip for port in node.interfaces for entry in port.addresses]
            if address == node.loopback or address in held:
                return node
        return None
