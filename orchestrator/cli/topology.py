"""Verbs that read a topology and start nothing: check, plan, schema."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.table import Table

from orchestrator.cli.common import json_option, print_json, topology_argument, topology_path
from orchestrator.errors import UsageError
from orchestrator.loading import load
from orchestrator.plan.codec import to_plain
from orchestrator.plan.forwarding import ForwardingPlane, NoPath, round_trip_ms
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routes import best_paths
from orchestrator.plan.services import EdgeSettings, NameServerSettings
from orchestrator.spec.problems import did_you_mean


@click.command("check")
@topology_argument
@json_option
def check_command(topology: str | None, as_json: bool) -> None:
    """Validate a topology; nothing is started."""
    path = topology_path(topology)
    plan = load(path)
    counts = {
        "nodes": len(plan.nodes),
        "switches": len(plan.switches),
        "links": len(plan.links),
        "ASes": len(plan.systems),
    }
    if as_json:
        print_json({"topology": str(path), "name": plan.name, **counts})
    else:
        listed = ", ".join(_counted(count, what) for what, count in counts.items())
        click.echo(f"{path}: good: {listed}")


# Plural → singular.
_SINGULAR = {"nodes": "node", "switches": "switch", "links": "link", "ASes": "AS"}


def _counted(count: int, what: str) -> str:
    return f"{count} {_SINGULAR[what] if count == 1 else what}"


@click.command("plan")
@topology_argument
@click.option("--node", default="", help="Print this node's rendered files.")
@json_option
def plan_command(topology: str | None, node: str, as_json: bool) -> None:
    """Show what a topology becomes, without starting it."""
    plan = load(topology_path(topology))
    if node:
        _print_files(plan, node)
    elif as_json:
        print_json(to_plain(plan))
    else:
        _print_plan(plan)


@click.command("schema")
def schema_command() -> None:
    """Print the JSON schema of topologies, for editors."""
    from orchestrator.spec.model import Topology

    click.echo(json.dumps(Topology.model_json_schema(by_alias=True), indent=2))


def _print_files(plan: Plan, name: str) -> None:
    from orchestrator.render.main import render_node

    if name not in plan.nodes:
        hint = did_you_mean(name, plan.nodes) or "see 'lab plan'"
        raise UsageError(f"there is no node '{name}'", hint)
    for path, text in render_node(plan.nodes[name], plan).items():
        click.echo(f"# ── /lab/{path}")
        click.echo(text)


def _print_plan(plan: Plan) -> None:
    # Piped into a file or a pager, a table is as wide as it has to be.
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(f"[bold]{plan.name}[/bold]: {plan.about}")
    systems = Table("AS", "name", "prefix", "providers", "peers", "customers", title="ASes")
    for system in plan.systems.values():
        related = (system.providers, system.peers, system.customers)
        numbers = [" ".join(map(str, group)) for group in related]
        systems.add_row(str(system.asn), system.name, str(system.prefix), *numbers)
    console.print(systems)
    nodes = Table("node", "role", "AS", "place", "interface", "address", "link", title="Nodes")
    for node in plan.nodes.values():
        _add_node(nodes, node)
    console.print(nodes)
    paths = Table("from", "to", "AS path", title="Best AS paths")
    for origin, target in plan.systems.items():
        for asn, path in sorted(best_paths(plan.systems, origin).items()):
            if asn != origin:
                paths.add_row(plan.systems[asn].name, target.name, " ".join(map(str, path)))
    console.print(paths)
    console.print(_round_trips(plan))
    _print_services(console, plan)


def _round_trips(plan: Plan) -> Table:
    """From each home's first host to every server with an address of its own."""
    plane = ForwardingPlane(plan)
    hosts = [node for node in plan.with_role("host") if node.interfaces]
    servers = plan.with_role("edge", "balancer", "resolver", "nameserver")
    table = Table("from", "to", "ms", "through", title="Expected round trips")
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


def _print_services(console: Console, plan: Plan) -> None:
    for switch in plan.switches.values():
        members = [plan.links[p.link].a.node for p in switch.ports]
        kind = "exchange" if switch.kind == "ixp" else "LAN"
        console.print(f"{kind} {switch.name}, {switch.prefix}: {', '.join(members)}")
    for zone in plan.zones:
        servers = [n.name for n in plan.with_role("nameserver") if _serves(n, zone)]
        console.print(f"zone {zone}: {', '.join(servers)}")
    for site in plan.sites:
        edges = [n.name for n in plan.with_role("edge") if _fronts(n, site)]
        console.print(f"site {site}: {', '.join(edges) or 'straight from its balancer'}")


def _serves(node: Node, zone: str) -> bool:
    assert isinstance(node.settings, NameServerSettings)
    return any(held.name == f"{zone}." for view in node.settings.views for held in view.zones)


def _fronts(node: Node, site: str) -> bool:
    assert isinstance(node.settings, EdgeSettings)
    return any(held.host == site for held in node.settings.sites)


def _add_node(table: Table, node: Node) -> None:
    rows = [
        (port.name, " ".join(map(str, port.addresses)) or "by DHCP", port.link)
        for port in node.interfaces
    ]
    if node.loopback:
        rows.insert(0, ("lo", f"{node.loopback}/32", ""))
    who = (node.name, node.role, str(node.asn or ""), node.place)
    for number, row in enumerate(rows):
        table.add_row(*(who if number == 0 else ("", "", "", "")), *row)
