"""What `lab plan` prints: ASes, nodes, paths and services, as decided before anything runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from rich.console import Console
from rich.table import Table

from orchestrator.plan.model import AutonomousSystem, Node, Plan
from orchestrator.plan.services import EdgeSettings, NameServerSettings
from orchestrator.routes.bgp import control_plane
from orchestrator.routes.forwarding import ForwardingPlane, NoPath, round_trip_ms

# More pairs than this are a table that nobody reads: `lab plan --path` answers for one of them.
MOST_SYSTEMS = 20


def print_plan(plan: Plan) -> None:
    """The whole plan, as tables."""
    # Piped into a file or a pager, a table is as wide as it has to be.
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(f"[bold]{plan.name}[/bold]: {plan.about}")
    console.print(_systems(plan))
    console.print(_nodes(plan))
    if len(plan.systems) <= MOST_SYSTEMS:
        console.print(_paths(plan))
        console.print(_round_trips(plan))
    else:
        click.echo(f"{len(plan.systems)} ASes: for the path between two, --path FROM TO")
    for line in _services(plan):
        click.echo(line)


def _systems(plan: Plan) -> Table:
    table = Table("AS", "name", "prefixes", "providers", "peers", "customers", title="ASes")
    for system in plan.systems.values():
        related = (system.providers, system.peers, system.customers)
        numbers = [" ".join(map(str, group)) for group in related]
        table.add_row(str(system.asn), system.name, _listed(system.prefixes), *numbers)
    return table


def _listed(entries: tuple[object, ...]) -> str:
    return " ".join(map(str, entries))


def _nodes(plan: Plan) -> Table:
    table = Table("node", "role", "AS", "place", "interface", "addresses", "link", title="Nodes")
    for node in plan.nodes.values():
        who = (node.name, node.role, str(node.asn or ""), node.place)
        for number, row in enumerate(_rows(node)):
            table.add_row(*(who if number == 0 else ("", "", "", "")), *row)
    return table


def _rows(node: Node) -> Iterator[tuple[str, str, str]]:
    if node.loopbacks:
        yield "lo", _listed(node.loopbacks), ""
    if node.anycast:
        yield "lo", _listed(node.anycast), "shared, by anycast"
    for port in node.interfaces:
        yield port.name, _listed(port.addresses) or "by DHCP", port.link


def _paths(plan: Plan) -> Table:
    """From the first router of each AS to the IPv4 prefix of every other."""
    table, control = Table("from", "to", "AS path", title="Best AS paths"), control_plane(plan)
    for target in plan.systems.values():
        for source in plan.systems.values():
            path = control.as_path(source.routers[0], target.prefixes[0])
            if source is not target and path is not None:
                table.add_row(source.name, target.name, _listed((source.asn, *path)))
    return table


def _round_trips(plan: Plan) -> Table:
    """From each home's first host to every server with an address of its own."""
    plane = ForwardingPlane(plan)
    hosts = [node for node in plan.with_role("host") if node.interfaces]
    servers = plan.with_role("edge", "balancer", "resolver", "nameserver")
    table = Table("from", "to", "ms", "through", title="Expected round trips over IPv4")
    for host in {host.interfaces[0].link.partition("--")[2]: host for host in hosts}.values():
        for server in servers:
            try:
                way = plane.path(host.name, server.address)
                milliseconds = f"{round_trip_ms(plane, host.name, server.address):.2f}"
            except NoPath as reason:
                table.add_row(host.name, server.name, "–", str(reason))
                continue
            routers = [h.sender for h in way if h.sender in plan.nodes][1:]
            table.add_row(host.name, server.name, milliseconds, " ".join(routers))
    return table


def _services(plan: Plan) -> Iterator[str]:
    for switch in plan.switches.values():
        members = [plan.links[p.link].a.node for p in switch.ports]
        kind = "exchange" if switch.kind == "ixp" else "LAN"
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
