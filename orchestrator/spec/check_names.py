"""Checks of the tree of names and of the content it leads to."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem, nearest
from orchestrator.spec.document import Document, Path
from orchestrator.spec.domains import zone_of
from orchestrator.spec.kinds import host_of
from orchestrator.spec.lookups import implied_tlds
from orchestrator.spec.model import Topology
from orchestrator.spec.references import missing, missing_router, twice
from orchestrator.spec.services import DnsSpec, ServersSpec

MOST_ROOTS = 26  # they are called a.root-servers.net to z.root-servers.net


def check_names(topology: Topology, document: Document) -> Iterator[Problem]:
    """The root, top-level domains and zones: each has servers, in an AS that is there."""
    if topology.dns is None:
        yield from _check_treeless(topology, document)
        return
    path: Path = ("dns",)
    if topology.dns.as_ is not None:
        yield from missing(document, "AS", topology.dns.as_, topology.as_, (*path, "as"))
    for name, spec, where in _served(topology, topology.dns):
        yield from _check_servers(topology, document, spec, name, where)
    yield from _check_stands(topology, topology.dns, document)
    for zone in topology.zones:
        yield from _check_zone_name(document, zone)
    for tld, zone in implied_tlds(topology).items():
        if topology.dns.as_ is None:
            hint = f"add 'as: …' to 'dns', or '{tld}: {{as: …}}' to 'dns.tlds'"
            message = f"no AS serves '{tld}', which '{zone}' is in"
            yield document.problem(message, "zones", zone, hint=hint, at_key=True)


def _served(topology: Topology, dns: DnsSpec) -> Iterator[tuple[str, ServersSpec, Path]]:
    """Whatever has servers: its name, who they are, and where that is written."""
    yield "root", dns.root, ("dns", "root")
    for tld, spec in dns.tlds.items():
        yield tld, spec, ("dns", "tlds", tld)
    for zone, zone_spec in topology.zones.items():
        yield zone, zone_spec, ("zones", zone)


def _check_stands(topology: Topology, dns: DnsSpec, document: Document) -> Iterator[Problem]:
    """A server of several zones stands where the first of them says, and the others agree."""
    stands: dict[str, tuple[str, list[str]]] = {}
    for name, spec, path in _served(topology, dns):
        placed = spec.servers if isinstance(spec.servers, dict) else {}
        for server, routers in placed.items():
            first, there = stands.setdefault(server, (name, routers))
            if there != routers:
                message = f"'{server}' stands at {', '.join(there)} for '{first}'"
                hint = "write the same here, or give one of the two another name"
                yield document.problem(message, *path, "servers", server, hint=hint)


def _check_treeless(topology: Topology, document: Document) -> Iterator[Problem]:
    """Without ``dns`` there is no root: whatever needs one is refused."""
    hint = "add 'dns: {as: …}'"
    if topology.homes:
        yield document.problem("homes need names to resolve", "homes", hint=hint, at_key=True)
    if topology.zones:
        yield document.problem("zones need a tree above them", "zones", hint=hint, at_key=True)
    for name, system in topology.as_.items():
        if system.resolver:
            yield document.problem("a resolver needs a root", "as", name, "resolver", hint=hint)
    for name in topology.resolvers:
        message = "a resolver needs a root"
        yield document.problem(message, "resolvers", name, hint=hint, at_key=True)


def check_resolvers(topology: Topology, document: Document) -> Iterator[Problem]:
    """Public resolvers stand at routers of their AS, once at each."""
    for name, resolver in topology.resolvers.items():
        path: Path = ("resolvers", name)
        yield from missing(document, "AS", resolver.as_, topology.as_, (*path, "as"))
        yield from _check_routers(
            topology, document, resolver.as_, resolver.routers, (*path, "routers")
        )


def _check_routers(
    topology: Topology, document: Document, system: str, routers: list[str], path: Path
) -> Iterator[Problem]:
    """Routers that one service stands at; a single one may be written without a list."""
    yield from twice(document, routers, path)
    for index, router in enumerate(routers):
        yield from missing_router(topology, document, system, router, (*path, index))


def _check_servers(
    topology: Topology, document: Document, spec: ServersSpec, name: str, path: Path
) -> Iterator[Problem]:
    assert topology.dns is not None
    where = (*path, "servers")
    if not isinstance(spec.servers, int):
        if not spec.servers:
            yield document.problem(f"'{name}' has no server", *where)
        yield from twice(document, list(spec.servers), where)
    if isinstance(spec.servers, dict):
        system = spec.as_ or topology.dns.as_ or ""
        for server, routers in spec.servers.items():
            yield from _check_routers(topology, document, system, routers, (*where, server))
    count = spec.servers if isinstance(spec.servers, int) else len(spec.servers)
    if path == ("dns", "root") and count > MOST_ROOTS:
        message = f"{count} root servers, where {MOST_ROOTS} have a name"
        yield document.problem(message, *where, hint="they are called a to z")
    if spec.as_ is not None:
        yield from missing(document, "AS", spec.as_, topology.as_, (*path, "as"))
    elif topology.dns.as_ is None:
        yield document.problem(f"'{name}' names no AS", *path, hint="add 'as: …'")


def _check_zone_name(document: Document, zone: str) -> Iterator[Problem]:
    """Zones that the tree itself makes cannot be written as well."""
    first, _, rest = zone.partition(".")
    if not rest:
        message, hint = f"'{zone}' is a top-level domain", "write it under 'dns.tlds'"
    elif zone == "root-servers.net":
        message, hint = f"'{zone}' holds the names of the root servers", "choose another"
    elif first == "nic" and "." not in rest:
        message, hint = f"'{zone}' holds the names of the servers of '{rest}'", "choose another"
    else:
        return
    yield document.problem(message, "zones", zone, hint=hint, at_key=True)


def check_content(topology: Topology, document: Document) -> Iterator[Problem]:
    """CDNs, data centres and the sites on them."""
    for name, cdn in topology.cdns.items():
        yield from missing(document, "AS", cdn.as_, topology.as_, ("cdns", name, "as"))
        for edge, router in cdn.edges.items():
            path: Path = ("cdns", name, "edges", edge)
            yield from missing_router(topology, document, cdn.as_, router, path)
    for name, centre in topology.datacenters.items():
        path = ("datacenters", name)
        yield from missing(document, "AS", centre.as_, topology.as_, (*path, "as"))
        yield from missing_router(topology, document, centre.as_, centre.router, (*path, "router"))
    for host, site in topology.sites.items():
        path = ("sites", host)
        yield from missing(
            document, "datacenter", site.origin, topology.datacenters, (*path, "origin")
        )
        if site.cdn is not None:
            yield from missing(document, "CDN", site.cdn, topology.cdns, (*path, "cdn"))
        if zone_of(host, topology.zones) is None:
            parent = host.partition(".")[2]
            hint = f"add '{parent}' to 'zones'" if parent else "write it as 'www.example.com'"
            hint = nearest(parent, topology.zones, hint)
            yield document.problem(f"no zone holds '{host}'", *path, hint=hint, at_key=True)


def check_expectations(topology: Topology, document: Document) -> Iterator[Problem]:
    """A visit starts at a host and goes to a site."""
    hosts = [host for home in topology.homes.values() for host in home.hosts]
    hosts += [name for name, node in topology.nodes.items() if node.role == "host"]
    for index, expectation in enumerate(topology.expect):
        path: Path = ("expect", index)
        yield from missing(document, "host", expectation.source, hosts, (*path, "from"))
        site = host_of(expectation.visit)
        yield from missing(document, "site", site, topology.sites, (*path, "visit"))
