"""Plans drawn by hand, port by port, so that tests of routing need no compiler.

Everything is in both families: loopbacks are in the prefixes of their AS, links in 10.128.0.0/9
and fd00:1::/48, exchanges in 192.0.2.0/24 and 2001:db8::/32.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

from orchestrator.plan.addresses import Address, HostAddress, Prefix
from orchestrator.plan.impairment import Impairment
from orchestrator.plan.model import (
    AutonomousSystem,
    Endpoint,
    Interface,
    Link,
    Node,
    Plan,
    Route,
    Switch,
)
from orchestrator.plan.routing import (
    BgpPolicy,
    BgpSession,
    Origin,
    OspfPort,
    Relation,
    Roa,
    RouterSettings,
    RouteServerSettings,
    RpkiSettings,
    RtrServer,
    Speaker,
)
from orchestrator.plan.services import EdgeSettings, HostSettings, Settings

PLAIN = BgpPolicy()
BOGONS: tuple[Prefix, ...] = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
OPPOSITE: dict[Relation, Relation] = {
    "customer": "provider",
    "provider": "customer",
    "peer": "peer",
    "internal": "internal",
    "member": "peer",
}


def prefixes_of(asn: int) -> tuple[IPv4Network, IPv6Network]:
    """What an AS announces: a /22 and a /32 by its number."""
    low = asn % 4096
    v4 = IPv4Network((int(IPv4Address("100.0.0.0")) + low * 1024, 22))
    return v4, IPv6Network((int(IPv6Address("3fff::")) + (low << 96), 32))


@dataclass
class Drawing:
    """A plan in the making. Nodes are numbered as they are added; so are router ids."""

    nodes: dict[str, Node] = field(default_factory=dict)
    ports: dict[str, list[Interface]] = field(default_factory=lambda: defaultdict(list))
    links: dict[str, Link] = field(default_factory=dict)
    switches: dict[str, Switch] = field(default_factory=dict)
    ospf: dict[str, list[OspfPort]] = field(default_factory=lambda: defaultdict(list))
    sessions: dict[str, list[BgpSession]] = field(default_factory=lambda: defaultdict(list))
    originated: dict[str, list[Origin]] = field(default_factory=lambda: defaultdict(list))

    # ── nodes ─────────────────────────────────────────────────────────────────

    def add(self, name: str, role: str, asn: int | None, settings: Settings) -> Node:
        number = len(self.nodes) + 1
        self.nodes[name] = Node(name, role, number, asn, "", (), settings)
        return self.nodes[name]

    def router(
        self,
        name: str,
        asn: int,
        *,
        announces: tuple[str, ...] | None = None,
        ecmp: bool = True,
        rtr: tuple[RtrServer, ...] = (),
    ) -> None:
        """A router with a loopback, which announces its AS's prefixes, or those it is given."""
        own = prefixes_of(asn)
        said = own if announces is None else tuple(map(ip_network, announces))
        self.originated[name] = [Origin(prefix) for prefix in said]
        number = len(self.nodes) + 1
        settings = RouterSettings(
            IPv4Address(number), asn, (), own, BOGONS, (), (), ecmp=ecmp, rtr=rtr
        )
        self.add(name, "router", asn, settings)
        loopbacks = tuple(prefix[number % 1000] for prefix in own)
        self.nodes[name] = replace(self.nodes[name], loopbacks=loopbacks)
        self.ospf[name].append(OspfPort("lo", 0, stub=True))

    def routers(self, asn: int, names: str) -> None:
        for name in names.split():
            self.router(name, asn)

    def server(self, name: str, asn: int, router: str, cost: int = 10) -> None:
        """A server on a link of a router, which has it in OSPF; both defaults lead there."""
        self.add(name, "edge", asn, EdgeSettings(()))
        mine, theirs = self.wire(name, router)
        self.ospf[router].append(OspfPort(theirs.name, cost, stub=True))
        ways = [
            Route(ip_network("0.0.0.0/0"), theirs.addresses[0].ip),
            Route(ip_network("::/0"), theirs.link_local, mine.name),
        ]
        self.nodes[name] = replace(self.nodes[name], routes=tuple(ways))

    def anycast(self, name: str, asn: int, router: str, address: str, cost: int = 10) -> None:
        """A server that announces the /24 or /48 around an address it shares."""
        self.server(name, asn, router, cost)
        node, shared = self.nodes[name], ip_address(address)
        length = 24 if shared.version == 4 else 48
        around = ip_network((shared, length), strict=False)
        speaker = Speaker(IPv4Address(node.number), asn, (around,), ())
        self.nodes[name] = replace(node, anycast=(shared,), speaker=speaker)
        ends = tuple(
            zip(self.ports[router][-1].addresses, self.ports[name][0].addresses, strict=True)
        )
        for theirs, mine in ends:
            self._session(router, name, theirs.ip, mine.ip, "internal", PLAIN, client=True)
            self._session(name, router, mine.ip, theirs.ip, "internal", PLAIN)

    def host(self, name: str, asn: int | None = None) -> None:
        self.add(name, "host", asn, HostSettings("", (), None, ()))

    def cache(self, name: str, roas: tuple[Roa, ...]) -> RtrServer:
        self.add(name, "rpki", None, RpkiSettings(roas))
        return RtrServer(name, IPv4Address("192.0.2.1"), 8282)

    # ── links ─────────────────────────────────────────────────────────────────

    def wire(
        self, a: str, b: str, there: Impairment | None = None, back: Impairment | None = None
    ) -> tuple[Interface, Interface]:
        """A link with a /31 and a /127."""
        number = len(self.links) + 1
        name = f"{a}--{b}" if f"{a}--{b}" not in self.links else f"{a}--{b}-{number}"
        low = _numbered("10.128.0.0", "fd00:1::", 2 * number)
        lengths = (31, 127)
        mine = tuple(ip_interface(f"{ip}/{n}") for ip, n in zip(low, lengths, strict=True))
        other = tuple(ip_interface(f"{ip + 1}/{n}") for ip, n in zip(low, lengths, strict=True))
        ends = self._port(a, name, mine), self._port(b, name, other)
        self._join(name, a, ends[0], b, ends[1])
        link = self.links[name]
        self.links[name] = replace(link, ab=there or link.ab, ba=back or link.ba)
        return ends

    def _join(self, name: str, a: str, mine: Interface, b: str, theirs: Interface) -> None:
        self.links[name] = Link(name, Endpoint(a, mine.name), Endpoint(b, theirs.name))

    def _port(self, node: str, link: str, addresses: tuple[HostAddress, ...]) -> Interface:
        number = len(self.ports[node])
        at = self.nodes[node].number if node in self.nodes else 200 + len(self.switches)
        mac = f"02:4c:{at // 256:02x}:{at % 256:02x}:{number // 256:02x}:{number % 256:02x}"
        port = Interface(f"eth{number}", mac, number + 2, link, addresses)
        self.ports[node].append(port)
        return port

    def interior(self, a: str, b: str, cost: int = 10, back: int | None = None) -> None:
        """A link inside an AS, in OSPF."""
        mine, theirs = self.wire(a, b)
        self.ospf[a].append(OspfPort(mine.name, cost, stub=False))
        self.ospf[b].append(OspfPort(theirs.name, back or cost, stub=False))

    # ── sessions ──────────────────────────────────────────────────────────────

    def inside(self, a: str, b: str, *, client: bool = False) -> None:
        """iBGP between loopbacks, in both families; b may be a's client."""
        for mine, theirs in zip(self.nodes[a].loopbacks, self.nodes[b].loopbacks, strict=True):
            self._session(a, b, mine, theirs, "internal", PLAIN, client=client)
            self._session(b, a, theirs, mine, "internal", PLAIN)

    def mesh(self, *names: str) -> None:
        for number, a in enumerate(names):
            for b in names[number + 1 :]:
                self.inside(a, b)

    def outside(
        self,
        a: str,
        b: str,
        relation: Relation,
        policy: BgpPolicy = PLAIN,
        theirs: BgpPolicy = PLAIN,
    ) -> None:
        """A link and eBGP over it; ``relation`` is what b is to a."""
        mine, other = self.wire(a, b)
        for here, there in zip(mine.addresses, other.addresses, strict=True):
            self._session(a, b, here.ip, there.ip, relation, policy)
            self._session(b, a, there.ip, here.ip, OPPOSITE[relation], theirs)

    def _session(
        self,
        a: str,
        b: str,
        local: Address,
        neighbour: Address,
        relation: Relation,
        policy: BgpPolicy,
        *,
        client: bool = False,
    ) -> None:
        settings = self.nodes[b].settings
        asn, name = self.nodes[b].asn or 0, f"to_{b}_{len(self.sessions[a])}"
        server = isinstance(settings, RouteServerSettings)
        self.sessions[a].append(
            BgpSession(name, relation, local, neighbour, asn, b, client, server, policy)
        )

    def exchange(self, name: str, members: str, number: int = 0) -> None:
        """A LAN with a port for each member; who peers there is said by ``meet``."""
        lan = ip_network((int(IPv4Address("192.0.2.0")) + 64 * number, 26))
        lan6 = ip_network((int(IPv6Address("2001:db8::")) + (number << 64), 64))
        self.switches[name] = Switch(name, "ixp", (lan, lan6), ())
        for index, member in enumerate(members.split(), 1):
            link = f"{member}--{name}"
            held = [ip_interface(f"{net[index]}/{net.prefixlen}") for net in (lan, lan6)]
            mine = self._port(member, link, tuple(held))
            self._join(link, member, mine, name, self._port(name, link, ()))

    def route_server(self, name: str, asn: int) -> None:
        """A route server that is not on any LAN yet."""
        settings = RouteServerSettings(IPv4Address(len(self.nodes) + 1), asn, BOGONS, ())
        self.add(name, "routeserver", asn, settings)

    def meet(
        self,
        a: str,
        b: str,
        exchange: str,
        policy: BgpPolicy = PLAIN,
        theirs: BgpPolicy = PLAIN,
    ) -> None:
        """Two members peer over an exchange; if a is its route server, b is its member."""
        ends = [next(p for p in self.ports[n] if p.link == f"{n}--{exchange}") for n in (a, b)]
        relation: Relation = "member" if self.nodes[a].role == "routeserver" else "peer"
        for here, there in zip(*(end.addresses for end in ends), strict=True):
            self._session(a, b, here.ip, there.ip, relation, policy)
            self._session(b, a, there.ip, here.ip, OPPOSITE[relation], theirs)

    # ── the plan ──────────────────────────────────────────────────────────────

    def plan(self) -> Plan:
        nodes = {name: self._finished(node) for name, node in self.nodes.items()}
        return Plan("drawn", "", nodes, self.switches, self.links, self._systems(), (), (), (), ())

    def _finished(self, node: Node) -> Node:
        node = replace(node, interfaces=tuple(self.ports[node.name]))
        sessions, settings = tuple(self.sessions[node.name]), node.settings
        if isinstance(settings, RouterSettings):
            settings = replace(
                settings,
                originated=tuple(self.originated[node.name]),
                ospf=tuple(self.ospf[node.name]),
                sessions=sessions,
            )
        elif isinstance(settings, RouteServerSettings):
            settings = replace(settings, sessions=sessions)
        speaker = node.speaker and replace(node.speaker, sessions=sessions)
        return replace(node, settings=settings, speaker=speaker)

    def _systems(self) -> dict[int, AutonomousSystem]:
        members: dict[int, list[str]] = defaultdict(list)
        related: dict[tuple[int, str], set[int]] = defaultdict(set)
        for node in self.nodes.values():
            if isinstance(node.settings, RouterSettings):
                members[node.settings.asn].append(node.name)
                for session in self.sessions[node.name]:
                    if not session.route_server:
                        related[node.settings.asn, session.relation].add(session.neighbour_asn)
        kinds = ("provider", "peer", "customer")
        return {
            asn: AutonomousSystem(
                f"as{asn}",
                asn,
                prefixes_of(asn),
                tuple(names),
                *(tuple(sorted(related[asn, kind])) for kind in kinds),
            )
            for asn, names in members.items()
        }


def _numbered(v4: str, v6: str, number: int) -> tuple[IPv4Address, IPv6Address]:
    return IPv4Address(v4) + number, IPv6Address(v6) + number
