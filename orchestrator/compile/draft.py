"""The plan while it is being made: nodes, ports and links that still grow.

Compile steps add to a draft; freeze.py turns it into a Plan. A mistake that only shows here
(a prefix too small, a name used twice) is noted with the place in the file that asked for it,
so that one run reports them all.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
)
from itertools import count

from orchestrator.compile.addressing import (
    EXCHANGES6,
    POINT_TO_POINT,
    PUBLIC,
    Lengths,
    Pair,
    Pool,
    PoolExhausted,
    Pools,
    SystemPools,
    interface_of,
    mac_address,
)
from orchestrator.errors import Problem
from orchestrator.plan.addresses import EVERYWHERE, Address, HostAddress, Prefix, link_local
from orchestrator.plan.model import AnycastService, CertRequest, Endpoint, Link, Route
from orchestrator.plan.routing import AccessLine, BgpSession, Origin, OspfPort, RtrServer, Speaker
from orchestrator.plan.services import Settings
from orchestrator.roles import ROLES
from orchestrator.spec.document import Document, Path
from orchestrator.spec.model import Topology
from orchestrator.spec.places import CITIES, Coordinates, distance_km
from orchestrator.spec.wires import WireSpec

LONGEST_LABEL = 63  # octets of a host name
# What a pool answers when it is empty: the draft is refused anyway, and goes on to find more.
PLACEHOLDER, PLACEHOLDER6 = IPv4Network("0.0.0.0/0"), IPv6Network("::/0")
# What a link to a single server costs in OSPF.
STUB_COST = 10


@dataclass
class Port:
    """An interface in the making."""

    name: str
    mac: str
    index: int
    link: str = ""
    addresses: list[HostAddress] = field(default_factory=list)
    dhcp: bool = False

    @property
    def link_local(self) -> IPv6Address:
        """The address the kernel will give it."""
        return link_local(self.mac)


@dataclass
class Machine:
    """A node or a switch in the making."""

    name: str
    role: str
    number: int
    path: Path
    asn: int | None = None
    at: str | Coordinates | None = None
    ports: list[Port] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    loopbacks: list[Address] = field(default_factory=list)
    anycast: list[Address] = field(default_factory=list)
    speaker: Speaker | None = None
    settings: Settings | None = None
    prefixes: tuple[Prefix, ...] = ()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """What others know it by, IPv4 first."""
        return tuple(self.loopbacks or [entry.ip for entry in self.ports[0].addresses])

    @property
    def address(self) -> IPv4Address:
        """The IPv4 address others know it by."""
        return next(a for a in self.addresses if isinstance(a, IPv4Address))

    @property
    def routes_packets(self) -> bool:
        """Whether it is a router of an AS."""
        role = ROLES.get(self.role)  # a switch has none
        return role is not None and role.forwards and role.speaks

    @property
    def coordinates(self) -> Coordinates | None:
        """Where it stands, or None."""
        return CITIES[self.at] if isinstance(self.at, str) else self.at


@dataclass
class System:
    """An AS in the making. ``relations`` maps a neighbour's ASN to what it is to this AS."""

    name: str
    asn: int
    prefixes: tuple[IPv4Network, IPv6Network]
    pools: SystemPools
    routers: list[Machine] = field(default_factory=list)
    relations: dict[int, str] = field(default_factory=dict)
    resolver: Machine | None = None
    anycast: list[Prefix] = field(default_factory=list)

    @property
    def own(self) -> tuple[Prefix, ...]:
        """What is this AS's alone to announce."""
        return (*self.prefixes, *self.anycast)

    def middle(self) -> Machine:
        """The router in the middle of the list, where servers stand unless told otherwise."""
        return self.routers[len(self.routers) // 2]


@dataclass(frozen=True)
class Server:
    """What a name in the DNS leads to: one machine, or several that share an address."""

    name: str
    addresses: tuple[Address, ...]
    machines: tuple[Machine, ...]


class Draft:
    """Everything decided so far, and every problem found on the way."""

    def __init__(self, topology: Topology, document: Document) -> None:
        self.topology, self.document = topology, document
        self.problems: list[Problem] = []
        self.machines: dict[str, Machine] = {}
        self.switches: dict[str, Machine] = {}
        self.links: dict[str, Link] = {}
        self.systems: dict[str, System] = {}
        self.ospf: dict[str, list[OspfPort]] = defaultdict(list)
        self.sessions: dict[str, list[BgpSession]] = defaultdict(list)
        self.origins: dict[str, list[Origin]] = defaultdict(list)
        self.lines: dict[str, list[AccessLine]] = defaultdict(list)
        self.anycast: dict[str, AnycastService] = {}
        self.rtr: tuple[RtrServer, ...] = ()
        self.certificates: list[CertRequest] = []
        self.wires: dict[str, list[tuple[WireSpec, Path]]] = defaultdict(list)
        # Prefixes that the user wrote: all of them, and those of links by hand.
        self.reserved: list[Prefix] = []
        self.drawn: list[Prefix] = []
        self._empty: set[Pool] = set()
        self._next_index = 100

    def report(self, message: str, *path: str | int, hint: str = "", at_key: bool = False) -> None:
        """Note a mistake at a place in the file."""
        self.problems.append(self.document.problem(message, *path, hint=hint, at_key=at_key))

    @functools.cached_property
    def shared(self) -> Pools:
        """Prefixes that belong to no AS alone: of exchanges. From the top of the space that ASes
        are given from the bottom of; asked for once all ASes have theirs."""
        taken = [*self.reserved, *(s.prefixes[0] for s in self.systems.values())]
        remedy = "give some ASes or IXPs a 'prefix' elsewhere"
        return Pools(
            Pool(PUBLIC, taken, remedy=remedy, descending=True),
            Pool(EXCHANGES6, self.reserved, remedy="give some IXPs a 'prefix6' elsewhere"),
        )

    def take(self, pools: Pools, lengths: Lengths, what: str, path: Path) -> Pair:
        """A prefix of each family. Notes a problem, once for each pool, where one is full."""
        v4, v6 = (self._take(pools[n], lengths[n], what, path) for n in range(2))
        return (
            v4 if isinstance(v4, IPv4Network) else PLACEHOLDER,
            v6 if isinstance(v6, IPv6Network) else PLACEHOLDER6,
        )

    def take6(self, pool: Pool, length: int, what: str, path: Path) -> IPv6Network:
        """The same, of IPv6 alone."""
        prefix = self._take(pool, length, what, path)
        return prefix if isinstance(prefix, IPv6Network) else PLACEHOLDER6

    def take4(self, pool: Pool, length: int, what: str, path: Path) -> IPv4Network:
        """The same, of IPv4 alone."""
        prefix = self._take(pool, length, what, path)
        return prefix if isinstance(prefix, IPv4Network) else PLACEHOLDER

    def _take(self, pool: Pool, length: int, what: str, path: Path) -> Prefix | None:
        try:
            return pool.take(length)
        except PoolExhausted as error:
            if pool not in self._empty:
                self.report(f"prefix too small: {error} for {what}", *path, hint=pool.remedy)
            self._empty.add(pool)
            return None

    def add(self, name: str, role: str, path: Path, near: Machine | None = None) -> Machine:
        """A new node, standing in the same AS and place as ``near`` if given."""
        machine = Machine(name, role, len(self.machines) + len(self.switches) + 1, path)
        if near is not None:
            machine.asn, machine.at = near.asn, near.at
        self._register(machine, self.machines)
        return machine

    def add_switch(self, name: str, kind: str, prefixes: Pair, path: Path) -> Machine:
        """A new switch with the prefixes of its LAN."""
        number = len(self.machines) + len(self.switches) + 1
        switch = Machine(name, kind, number, path, prefixes=prefixes)
        self._register(switch, self.switches)
        return switch

    def _register(self, machine: Machine, into: dict[str, Machine]) -> None:
        first = self.machines.get(machine.name) or self.switches.get(machine.name)
        if first is not None:
            self._report_taken(machine, first)
        elif len(machine.name) > LONGEST_LABEL:
            message = f"name of {len(machine.name)} octets: '{machine.name}', made from this"
            hint = f"at most {LONGEST_LABEL} (RFC 1123)"
            self.report(message, *machine.path, hint=hint, at_key=True)
        into.setdefault(machine.name, machine)

    def _report_taken(self, machine: Machine, first: Machine) -> None:
        line = self.document.problem("", *first.path, at_key=True).line
        what = "router" if first.routes_packets else first.role
        message = f"the name '{machine.name}' is taken, by the {what} of line {line}"
        self.report(message, *machine.path, at_key=True, hint="names are unique in the whole lab")

    def connect(
        self, a: Machine, b: Machine, names: tuple[str, str] = ("", "")
    ) -> tuple[Port, Port]:
        """A link between two machines, and its two new ports, still without addresses."""
        name, number = f"{a.name}--{b.name}", 2
        while name in self.links:
            name, number = f"{a.name}--{b.name}-{number}", number + 1
        ports = self._port(a, name, names[0]), self._port(b, name, names[1])
        ends = Endpoint(a.name, ports[0].name), Endpoint(b.name, ports[1].name)
        self.links[name] = Link(name, *ends)
        return ports

    def _port(self, machine: Machine, link: str, wanted: str) -> Port:
        number, taken = len(machine.ports), [port.name for port in machine.ports]
        stem = "port" if machine.prefixes else "eth"
        name = wanted or next(n for i in count(number) if (n := f"{stem}{i}") not in taken)
        port = Port(name, mac_address(machine.number, number), self._next_index, link)
        self._next_index += 1
        machine.ports.append(port)
        return port

    def wire(
        self, a: Machine, b: Machine, prefixes: Pair, names: tuple[str, str] = ("", "")
    ) -> tuple[Port, Port]:
        """A point-to-point link: ``a`` has the first address of each prefix, ``b`` the second."""
        ports = self.connect(a, b, names)
        for prefix in prefixes:
            for port, offset in zip(ports, (0, 1), strict=True):
                port.addresses.append(interface_of(prefix, offset))
        return ports

    def attach_server(self, server: Machine, system: System, router: Machine) -> Port:
        """Hang a server off a router: a /31 and a /127 of the AS's, and default routes."""
        what = f"server '{server.name}'"
        prefixes = self.take(system.pools.services, POINT_TO_POINT, what, server.path)
        port, _ = self.wire(router, server, prefixes)
        self.ospf[router.name].append(OspfPort(port.name, STUB_COST, stub=True))
        server.routes += default_routes(port)
        return port


def default_routes(port: Port) -> list[Route]:
    """Everything through the neighbour at ``port``, by each family it has."""
    by_version = {prefix.version: prefix for prefix in EVERYWHERE}
    return [Route(by_version[entry.version], entry.ip) for entry in port.addresses]


def distance_between(a: Machine, b: Machine) -> float:
    """Kilometres between two machines; nought where either stands nowhere in particular."""
    here, there = a.coordinates, b.coordinates
    return distance_km(here, there) if here and there else 0.0
