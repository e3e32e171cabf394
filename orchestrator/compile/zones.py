"""What each zone holds, and which view of it each resolver is shown.

A site behind a CDN with several edges has one view per edge: a resolver gets the edge that
is nearest to it (what CDNs call DNS-based request routing, RFC 7871 section 1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import NamedTuple

from orchestrator.compile.draft import Draft, Machine, System, distance_between
from orchestrator.compile.names import root_name
from orchestrator.plan.services import NameServerSettings, Record, View, Zone
from orchestrator.spec.lookups import zone_of

# Times to live as operators of each level commonly set them: two days for a delegation, one
# day for a zone's own servers, a minute for what a CDN may want to move.
DELEGATION_TTL, SERVER_TTL, SITE_TTL = 172800, 86400, 60
# Views near an edge start with "near-": an edge called "any" gets no other's clients.
EVERYBODY, NEAR = "any", "near-"

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
        draft.machines[name].settings = NameServerSettings(
            tuple(
                View(
                    view.name,
                    view.clients,
                    tuple(_zone(draft, servers, names, zone, view) for zone in zones),
                )
                for view in _audiences(draft, zones)
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


class _Audience(NamedTuple):
    """Resolvers that are shown the same: their prefixes, and the edge they get of each CDN."""

    name: str
    clients: tuple[IPv4Network, ...]
    edges: Mapping[str, str]


def _audiences(draft: Draft, zones: list[str]) -> list[_Audience]:
    """The audiences of a server of ``zones``; the last one is everybody else."""
    topology = draft.topology
    cdns = {
        site.cdn: len(topology.cdns[site.cdn].edges)
        for host, site in topology.sites.items()
        if site.cdn and zone_of(host, topology.zones) in zones
    }
    clients: dict[tuple[str, ...], list[IPv4Network]] = defaultdict(list)
    for system in draft.systems.values():
        if system.resolver is not None and any(edges > 1 for edges in cdns.values()):
            nearest = nearest_edges(draft, system)
            clients[tuple(nearest[cdn] for cdn in cdns)].append(system.prefix)
    return [
        *(
            _Audience(NEAR + "+".join(edges), tuple(who), dict(zip(cdns, edges, strict=True)))
            for edges, who in clients.items()
        ),
        _Audience(EVERYBODY, (), {cdn: next(iter(topology.cdns[cdn].edges)) for cdn in cdns}),
    ]


def nearest_edges(draft: Draft, system: System) -> dict[str, str]:
    """The edge of each CDN that is nearest to an AS's resolver, the first listed among equals."""
    assert system.resolver is not None
    here = system.resolver
    return {
        name: min(cdn.edges, key=lambda edge: distance_between(draft.machines[edge], here))
        for name, cdn in draft.topology.cdns.items()
    }


def _zone(
    draft: Draft,
    servers: Servers,
    names: dict[str, list[tuple[str, Machine]]],
    zone: str,
    view: _Audience,
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
        f"{zone}.", f"zones/{view.name}/{zone or '@root'}.zone", names[zone][0][0], tuple(records)
    )


def _children(zone: str, servers: Servers) -> list[str]:
    """The zones delegated by ``zone``: those whose closest enclosing zone it is."""
    others = [name for name in servers if name]
    if zone == "":
        return [name for name in others if "." not in name]
    below = [n for n in others if zone_of(n.partition(".")[2], others) == zone and n != zone]
    return [*below, "root-servers.net"] if zone == "net" and "" in servers else below


def _content(draft: Draft, zone: str, view: _Audience) -> list[Record]:
    """The records of sites and data centres within a zone, and those written by hand."""
    topology, records = draft.topology, []
    for host, site in topology.sites.items():
        if zone_of(host, topology.zones) != zone:
            continue
        balancer, origin = draft.machines[f"{site.origin}-lb"], f"{site.origin}.{zone}"
        front = draft.machines[view.edges[site.cdn]] if site.cdn else balancer
        records.append(Record(f"{host}.", SITE_TTL, "A", str(front.address)))
        # The origin has a name of its own, unless a site or a zone is called that already.
        if origin not in topology.sites and origin not in topology.zones:
            records.append(Record(f"{origin}.", SERVER_TTL, "A", str(balancer.address)))
    if zone in topology.zones:
        records += [
            Record(spec.owner, SERVER_TTL, spec.type, spec.value)
            for spec in topology.zones[zone].records
        ]
    return list(dict.fromkeys(records))
