"""What each zone holds, and which view of it each resolver is shown.

A site behind a CDN with several edges has one view per edge: a resolver gets the edge that
is nearest to it (what CDNs call DNS-based request routing, RFC 7871 section 1).
"""

from __future__ import annotations

from collections import defaultdict
from ipaddress import IPv4Network

from orchestrator.compile.draft import Draft, Machine, distance_between
from orchestrator.compile.names import root_name
from orchestrator.plan.services import NameServerSettings, Record, View, Zone
from orchestrator.spec.check import zone_of

# Times to live as operators of each level commonly set them: two days for a delegation, one
# day for a zone's own servers, a minute for what a CDN may want to move.
DELEGATION_TTL, SERVER_TTL, SITE_TTL = 172800, 86400, 60
EVERYBODY = "any"

Servers = dict[str, list[Machine]]


def set_zones(draft: Draft, servers: Servers) -> None:
    """Give every name server the zones it serves, in the views that its clients need."""
    names = _server_names(servers)
    serving: dict[str, list[str]] = defaultdict(list)
    for zone, machines in servers.items():
        for machine in machines:
            serving[machine.name].append(zone)
    for name, zones in serving.items():
        if "" in zones and "net" in servers:
            zones = [*zones, "root-servers.net"]
        views = _views(draft, zones)
        draft.machines[name].settings = NameServerSettings(
            tuple(
                View(view, clients, tuple(_zone(draft, servers, names, z, view) for z in zones))
                for view, clients in views.items()
            )
        )


def _server_names(servers: Servers) -> dict[str, list[tuple[str, Machine]]]:
    """The name servers of each zone, by the names its NS records use."""
    names: dict[str, list[tuple[str, Machine]]] = {}
    for zone, machines in servers.items():
        if zone == "":
            names[zone] = [(root_name(i), machine) for i, machine in enumerate(machines)]
        elif "." in zone:
            names[zone] = [(f"{machine.name}.{zone}.", machine) for machine in machines]
        else:
            names[zone] = [(f"ns{i}.nic.{zone}.", m) for i, m in enumerate(machines, 1)]
    names["root-servers.net"] = names.get("", [])
    return names


def _views(draft: Draft, zones: list[str]) -> dict[str, tuple[IPv4Network, ...]]:
    """Name of a view → the prefixes whose resolvers see it; the last one is for everybody."""
    edges = _edges_behind(draft, zones)
    clients: dict[str, list[IPv4Network]] = defaultdict(list)
    for system in draft.systems.values():
        if system.resolver is not None and len(edges) > 1:
            distances = [distance_between(edge, system.resolver) for edge in edges]
            clients[edges[distances.index(min(distances))].name].append(system.prefix)
    return {name: tuple(prefixes) for name, prefixes in clients.items()} | {EVERYBODY: ()}


def _edges_behind(draft: Draft, zones: list[str]) -> list[Machine]:
    topology = draft.topology
    cdns = [
        topology.cdns[site.cdn]
        for host, site in topology.sites.items()
        if site.cdn and zone_of(host, topology.zones) in zones
    ]
    return [draft.machines[edge] for cdn in cdns for edge in cdn.edges]


def _zone(
    draft: Draft,
    servers: Servers,
    names: dict[str, list[tuple[str, Machine]]],
    zone: str,
    view: str,
) -> Zone:
    records = [Record("@", SERVER_TTL, "NS", name) for name, _ in names[zone]]
    records += [Record(name, SERVER_TTL, "A", str(m.address)) for name, m in names[zone]]
    for child in _children(zone, servers):
        records += [Record(f"{child}.", DELEGATION_TTL, "NS", name) for name, _ in names[child]]
        records += [
            Record(name, DELEGATION_TTL, "A", str(machine.address))
            for name, machine in names[child]
            if name.endswith(f".{child}.")
        ]
    records += _content(draft, zone, view)
    return Zone(
        f"{zone}.", f"zones/{view}/{zone or 'root'}.zone", names[zone][0][0], tuple(records)
    )


def _children(zone: str, servers: Servers) -> list[str]:
    """The zones delegated by ``zone``: those whose closest enclosing zone it is."""
    others = [name for name in servers if name]
    if zone == "":
        return [name for name in others if "." not in name]
    below = [n for n in others if zone_of(n.partition(".")[2], others) == zone and n != zone]
    return [*below, "root-servers.net"] if zone == "net" and "" in servers else below


def _content(draft: Draft, zone: str, view: str) -> list[Record]:
    """The records of sites and data centres within a zone, and those written by hand."""
    topology, records = draft.topology, []
    for host, site in topology.sites.items():
        if zone_of(host, topology.zones) != zone:
            continue
        balancer = draft.machines[f"{site.origin}-lb"]
        edges = list(topology.cdns[site.cdn].edges) if site.cdn else []
        front = draft.machines[view if view in edges else edges[0]] if edges else balancer
        records.append(Record(f"{host}.", SITE_TTL, "A", str(front.address)))
        records.append(Record(f"{site.origin}.{zone}.", SERVER_TTL, "A", str(balancer.address)))
    if zone in topology.zones:
        records += [
            Record(spec.owner, SERVER_TTL, spec.type, spec.value)
            for spec in topology.zones[zone].records
        ]
    return list(dict.fromkeys(records))
