"""What `lab plan` prints: ASes, nodes, paths and services, as decided before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.cli.layout import Output
from orchestrator.cli.lines import assemble
from orchestrator.cli.tables import Column, Row
from orchestrator.plan.model import AutonomousSystem, Node, Plan
from orchestrator.plan.services import EdgeSettings, NameServerSettings
from orchestrator.roles import ROLES
from orchestrator.routes.bgp import control_plane
from orchestrator.routes.forwarding import ForwardingPlane, NoPath, round_trip_ms

# More pairs than this are a table that nobody reads: `lab plan --path` answers for one of them.
MOST_SYSTEMS = 20


_SYSTEMS = (
    *(Column("AS"), Column("name")),
    *(Column(name, least=1) for name in ("prefixes", "providers", "peers", "customers")),
)
_NODES = (Column("interface"), Column("addresses", least=1), Column("link"))
_PATHS = (Column("from"), Column("to"), Column("AS path", least=1))
_ROUND_TRIPS = (
    *(Column("from"), Column("to"), Column("ms", right=True)),
    Column("through", least=24),
)


def print_plan(output: Output, plan: Plan) -> None:
    """The whole plan, as tables."""
    output.say(assemble((plan.name, "bold"), f": {plan.about}"))
    _print_table(output, "ASes", _SYSTEMS, _systems(plan))
    _print_table(output, "Nodes", _NODES, _nodes(plan))
    if len(plan.systems) <= MOST_SYSTEMS:
        _print_table(output, "Best AS paths", _PATHS, _paths(plan))
        _print_table(output, "Expected round trips over IPv4", _ROUND_TRIPS, _round_trips(plan))
        output.say()
    else:
        output.say(f"{len(plan.systems)} ASes: for the path between two, --path FROM TO")
    for line in _services(plan):
        output.say(line, hang=2)


def _print_table(
    output: Output, title: str, columns: Sequence[Column], rows: Iterator[Row]
) -> None:
    output.say()
    output.table(columns, rows, title)


def _systems(plan: Plan) -> Iterator[Row]:
    for system in plan.systems.values():
        related = (system.providers, system.peers, system.customers)
        numbers = [" ".join(map(str, group)) for group in related]
        yield str(system.asn), system.name, _listed(system.prefixes), *numbers


def _listed(entries: tuple[object, ...]) -> str:
    return " ".join(map(str, entries))


def _nodes(plan: Plan) -> Iterator[Row]:
    """A line for each node, and below it a row for each of its interfaces."""
    for node in plan.nodes.values():
        system = f", AS {node.asn}" if node.asn else ""
        place = f", {node.place}" if node.place else ""
        yield assemble((node.name, "bold"), f": {node.role}{system}{place}")
        yield from _interfaces(node)


def _interfaces(node: Node) -> Iterator[tuple[str, str, str]]:
    if node.loopbacks:
        yield "lo", _listed(node.loopbacks), ""
    if node.anycast:
        yield "lo", _listed(node.anycast), "shared, by anycast"
    for port in node.interfaces:
        yield port.name, _listed(port.addresses) or "by DHCP", port.link


def _paths(plan: Plan) -> Iterator[Row]:
    """From the first router of each AS to the IPv4 prefix of every other."""
    control = control_plane(plan)
    for target in plan.systems.values():
        for source in plan.systems.values():
            path = control.as_path(source.routers[0], target.prefixes[0])
            if source is not target and path is not None:
                yield source.name, target.name, _listed((source.asn, *path))


def _round_trips(plan: Plan) -> Iterator[Row]:
    """From each home's first host to every server that the Internet comes to a network for."""
    plane = ForwardingPlane(plan)
    nodes = plan.nodes.values()
    hosts = [node for node in nodes if ROLES[node.role].browser and node.interfaces]
    sought = {name for name, role in ROLES.items() if role.network and not role.routes}
    servers = plan.with_role(*sought)
    for host in {host.interfaces[0].link.partition("--")[2]: host for host in hosts}.values():
        for server in servers:
            try:
                way = plane.path(host.name, server.address)
                milliseconds = f"{round_trip_ms(plane, host.name, server.address):.2f}"
            except NoPath as reason:
                yield host.name, server.name, "–", str(reason)
                continue
            routers = [h.sender for h in way if h.sender in plan.nodes][1:]
            yield host.name, server.name, milliseconds, " ".join(routers)


def _services(plan: Plan) -> Iterator[str]:
    for switch in plan.switches.values():
        members = [plan.links[p.link].a.node for p in switch.ports]
        kind = "exchange" if switch.is_ixp else "LAN"
        yield f"{kind} {switch.name}, {_listed(switch.prefixes)}: {', '.join(members)}"
    for service in plan.anycast.values():
        shared = _listed(service.addresses)
        yield f"anycast {service.name}, {shared}: {', '.join(service.instances)}"
    for zone in plan.zones:
        servers = [n.name for n in plan.with_role("nameserver") if _serves(n, zone)]
        yield f"zone {zone}: {', '.join(servers)}"
    for site in plan.sites:
        edges = [n.name for n in plan.with_role("edge") if _fronts(n, site)]
        yield f"site {site}: {', '.join(edges) or 'straight from its balancer'}"


def _serves(node: Node, zone: str) -> bool:
    assert isinstance(node.settings, NameServerSettings)
    return any(held.name == f"{zone}." for view in node.settings.views for held in view.zones)


def _fronts(node: Node, site: str) -> bool:
    assert isinstance(node.settings, EdgeSettings)
    return any(held.host == site for held in node.settings.sites)


def system_of(plan: Plan, name: str) -> AutonomousSystem | None:
    """An AS by its name or number."""
    named = (s for s in plan.systems.values() if name in (s.name, str(s.asn), f"AS{s.asn}"))
    return next(named, None)
