"""What each zone holds, and which view of it each resolver is shown.

A site behind a CDN with several edges has one view per edge: a resolver gets the edge that
is nearest to it (what CDNs call DNS-based request routing, RFC 7871 section 1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import NamedTuple

from orchestrator.compile.draft import Draft, Machine, Server, distance_between
from orchestrator.compile.names import root_name
from orchestrator.plan.addresses import Address, Prefix
from orchestrator.plan.services import NameServerSettings, Record, View, Zone
from orchestrator.spec.domains import zone_of

# Times to live as operators of each level commonly set them: two days for a delegation, one
# day for a zone's own servers, a minute for what a CDN may want to move.
DELEGATION_TTL, SERVER_TTL, SITE_TTL = 172800, 86400, 60
# Views near an edge start with "near-": an edge called "any" gets no other's clients. Resolvers for
# everybody have views of their own, which go first: they stand in the midst of an AS.
EVERYBODY, NEAR, PUBLIC_NEAR = "any", "near-", "public-near-"

Servers = dict[str, list[Server]]
Names = dict[str, list[tuple[str, Server]]]


def set_zones(draft: Draft, servers: Servers) -> None:
    """Give every name server the zones it serves, in the views that its clients need."""
    names = _server_names(servers)
    serving: dict[str, list[str]] = defaultdict(list)
    for zone, serving_it in servers.items():
        for machine in (machine for server in serving_it for machine in server.machines):
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


def _server_names(servers: Servers) -> Names:
    """The name servers of each zone, by the names its NS records use."""
    names: Names = {}
    for zone, those in servers.items():
        if zone == "":
            names[zone] = [(root_name(i), server) for i, server in enumerate(those)]
        elif "." in zone:
            names[zone] = [(f"{server.name}.{zone}.", server) for server in those]
        else:
            names[zone] = [(f"ns{i}.nic.{zone}.", server) for i, server in enumerate(those, 1)]
    names["root-servers.net"] = names.get("", [])
    return names


class _Audience(NamedTuple):
    """Resolvers that are shown the same: their prefixes, and the edge they get of each CDN."""

    name: str
    clients: tuple[Prefix, ...]
    edges: Mapping[str, str]


def _audiences(draft: Draft, zones: list[str]) -> list[_Audience]:
    """The audiences of a server of ``zones``; the last one is everybody else."""
    topology = draft.topology
    cdns = {
        site.cdn: len(topology.cdns[site.cdn].edges)
        for host, site in topology.sites.items()
        if site.cdn and zone_of(host, topology.zones) in zones
    }
    cdns = {cdn: 1 if cdn in draft.anycast else edges for cdn, edges in cdns.items()}
    clients: dict[tuple[str, tuple[str, ...]], list[Prefix]] = defaultdict(list)
    for stem, here, prefixes in _askers(draft) if max(cdns.values(), default=0) > 1 else ():
        nearest = nearest_edges(draft, here)
        clients[stem, tuple(nearest[cdn] for cdn in cdns)] += prefixes
    return [
        *(
            _Audience(stem + "+".join(edges), tuple(who), dict(zip(cdns, edges, strict=True)))
            for (stem, edges), who in clients.items()
        ),
        _Audience(EVERYBODY, (), {cdn: next(iter(topology.cdns[cdn].edges)) for cdn in cdns}),
    ]


def _askers(draft: Draft) -> Iterator[tuple[str, Machine, tuple[Prefix, ...]]]:
    """Who may ask, those that others enclose first: each resolver for everybody, from its own
    address, and each AS, from where its resolver is or would be."""
    for name in draft.topology.resolvers:
        for instance in draft.anycast[name].instances:
            machine = draft.machines[instance]
            yield PUBLIC_NEAR, machine, tuple(ip_network(each) for each in machine.addresses)
    for system in draft.systems.values():
        yield NEAR, system.resolver or system.middle(), system.prefixes


def nearest_edges(draft: Draft, here: Machine) -> dict[str, str]:
    """The edge of each CDN that is nearest to a machine, the first listed among equals."""
    return {
        name: min(cdn.edges, key=lambda edge: distance_between(draft.machines[edge], here))
        for name, cdn in draft.topology.cdns.items()
    }


def front_of(draft: Draft, cdn: str, edge: str) -> tuple[Address, ...]:
    """Where visitors of a CDN are sent: to what its edges share, else to the one chosen."""
    service = draft.anycast.get(cdn)
    return service.addresses if service else draft.machines[edge].addresses


def _zone(
    draft: Draft,
    servers: Servers,
    names: Names,
    zone: str,
    view: _Audience,
) -> Zone:
    records = [Record("@", SERVER_TTL, "NS", name) for name, _ in names[zone]]
    for name, server in names[zone]:
        records += _addresses(name, SERVER_TTL, server.addresses)
    for child in _children(zone, servers):
        records += [Record(f"{child}.", DELEGATION_TTL, "NS", name) for name, _ in names[child]]
        for name, server in names[child]:
            if name.endswith(f".{child}."):
                records += _addresses(name, DELEGATION_TTL, server.addresses)
    records += _content(draft, zone, view)
    return Zone(
        f"{zone}.", f"zones/{view.name}/{zone or '@root'}.zone", names[zone][0][0], tuple(records)
    )


def _addresses(name: str, ttl: int, addresses: Iterable[Address]) -> list[Record]:
    """An A record for IPv4, and an AAAA record for IPv6 (RFC 3596)."""
    kinds = {4: "A", 6: "AAAA"}
    return [Record(name, ttl, kinds[address.version], str(address)) for address in addresses]


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
        front = balancer.addresses
        if site.cdn:
            front = front_of(draft, site.cdn, view.edges[site.cdn])
        records += _addresses(f"{host}.", SITE_TTL, front)
        # The origin has a name of its own, unless a site or a zone is called that already.
        if origin not in topology.sites and origin not in topology.zones:
            records += _addresses(f"{origin}.", SERVER_TTL, balancer.addresses)
    if zone in topology.zones:
        records += [
            Record(spec.owner, SERVER_TTL, spec.type, spec.value)
            for spec in topology.zones[zone].records
        ]
    return list(dict.fromkeys(records))
