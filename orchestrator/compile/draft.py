"""The plan while it is being made: nodes, ports and links that still grow.

Compile steps add to a draft; freeze.py turns it into a Plan. A mistake that only shows here
(a prefix too small, a name used twice) is noted with the place in the file that asked for it,
so that one run reports them all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import count

from orchestrator.compile.addressing import Pool, PoolExhausted, SystemPools, mac_address
from orchestrator.errors import Problem
from orchestrator.plan.model import CertRequest, Endpoint, Link, Route
from orchestrator.plan.services import BgpSession, OspfPort, Settings
from orchestrator.spec.document import Document, Path
from orchestrator.spec.model import Topology
from orchestrator.spec.places import CITIES, Coordinates, distance_km
from orchestrator.spec.wires import WireSpec

LONGEST_LABEL = 63  # octets of a host name
# What a pool answers when it is empty: the draft is refused anyway, and goes on to find more.
PLACEHOLDER = IPv4Network("0.0.0.0/0")


@dataclass
class Port:
    """An interface in the making."""

    name: str
    mac: str
    index: int
    link: str = ""
    addresses: list[IPv4Interface] = field(default_factory=list)
    dhcp: bool = False


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
    loopback: IPv4Address | None = None
    settings: Settings | None = None
    prefix: IPv4Network | None = None

    @property
    def address(self) -> IPv4Address:
        """The address others know it by."""
        return self.loopback or self.ports[0].addresses[0].ip

    @property
    def coordinates(self) -> Coordinates | None:
        """Where it stands, or None."""
        return CITIES[self.at] if isinstance(self.at, str) else self.at


@dataclass
class System:
    """An AS in the making. ``relations`` maps a neighbour's ASN to what it is to this AS."""

    name: str
    asn: int
    prefix: IPv4Network
    pools: SystemPools
    routers: list[Machine] = field(default_factory=list)
    relations: dict[int, str] = field(default_factory=dict)
    resolver: Machine | None = None

    def middle(self) -> Machine:
        """The router in the middle of the list, where servers stand unless told otherwise."""
        return self.routers[len(self.routers) // 2]


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
        self.certificates: list[CertRequest] = []
        self.wires: dict[str, list[tuple[WireSpec, Path]]] = defaultdict(list)
        # Prefixes that the user wrote: all of them, and those of links by hand.
        self.reserved: list[IPv4Network] = []
        self.drawn: list[IPv4Network] = []
        self._empty: set[int] = set()
        self._next_index = 100

    def report(self, message: str, *path: str | int, hint: str = "", at_key: bool = False) -> None:
        """Note a mistake at a place in the file."""
        self.problems.append(self.document.problem(message, *path, hint=hint, at_key=at_key))

    def take(self, pool: Pool, length: int, what: str, path: Path) -> IPv4Network:
        """A prefix from a pool, or a placeholder and a problem, noted once for each pool."""
        try:
            return pool.take(length)
        except PoolExhausted as error:
            if id(pool) not in self._empty:
                self.report(f"prefix too small: {error} for {what}", *path, hint=pool.remedy)
            self._empty.add(id(pool))
            return PLACEHOLDER

    def add(self, name: str, role: str, path: Path, near: Machine | None = None) -> Machine:
        """A new node, standing in the same AS and place as ``near`` if given."""
        machine = Machine(name, role, len(self.machines) + len(self.switches) + 1, path)
        if near is not None:
            machine.asn, machine.at = near.asn, near.at
        self._register(machine, self.machines)
        return machine

    def add_switch(self, name: str, kind: str, prefix: IPv4Network, path: Path) -> Machine:
        """A new switch with the prefix of its LAN."""
        number = len(self.machines) + len(self.switches) + 1
        switch = Machine(name, kind, number, path, prefix=prefix)
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
        message = f"the name '{machine.name}' is taken, by the {first.role} of line {line}"
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
        stem = "port" if machine.prefix else "eth"
        name = wanted or next(n for i in count(number) if (n := f"{stem}{i}") not in taken)
        port = Port(name, mac_address(machine.number, number), self._next_index, link)
        self._next_index += 1
        machine.ports.append(port)
        return port

    def wire(
        self, a: Machine, b: Machine, prefix: IPv4Network, names: tuple[str, str] = ("", "")
    ) -> tuple[Port, Port]:
        """A point-to-point link: ``a`` has the first address of ``prefix``, ``b`` the second."""
        ports = self.connect(a, b, names)
        for port, offset in zip(ports, (0, 1), strict=True):
            port.addresses.append(interface_of(prefix, offset))
        return ports

    def attach_server(
        self, server: Machine, system: System, router: Machine, port_name: str = ""
    ) -> Port:
        """Hang a server off a router: a /31 of the AS's, and a default route through it."""
        prefix = self.take(system.pools.services, 31, f"server '{server.name}'", server.path)
        port, _ = self.wire(router, server, prefix, ("", port_name))
        self.ospf[router.name].append(OspfPort(port.name, 10, stub=True))
        server.routes.append(Route(IPv4Network("0.0.0.0/0"), port.addresses[0].ip))
        return port


def interface_of(prefix: IPv4Network, offset: int) -> IPv4Interface:
    """The address ``offset`` places into a prefix, with the prefix's length."""
    return IPv4Interface((int(prefix.network_address) + offset, prefix.prefixlen))


def distance_between(a: Machine, b: Machine) -> float:
    """Kilometres between two machines; nought where either stands nowhere in particular."""
    here, there = a.coordinates, b.coordinates
    return distance_km(here, there) if here and there else 0.0
