"""What a topology says of itself must hold together: every name refers to something there.

One function per section, each returning its problems; all of them are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.errors import Problem, SpecError
from orchestrator.spec.document import Document
from orchestrator.spec.model import AsSpec, MemberSpec, RelationSpec, Topology
from orchestrator.spec.problems import did_you_mean

NODE_ROLES = ("host", "router")
Path = tuple[str | int, ...]


def check_topology(topology: Topology, document: Document) -> None:
    """Raise SpecError with every reference that leads nowhere and every contradiction."""
    sections = (
        _check_numbers,
        _check_relations,
        _check_provider_cycles,
        _check_exchanges,
        _check_homes,
        _check_names,
        _check_content,
        _check_nodes,
        _check_expectations,
    )
    problems = [problem for check in sections for problem in check(topology, document)]
    if problems:
        raise SpecError(problems)


def router_names(name: str, system: AsSpec) -> tuple[str, ...]:
    """The routers of an AS; one that lists none has a single router with its own name."""
    return tuple(system.routers) or (name,)


def _missing(
    document: Document, what: str, name: str, known: Iterable[str], path: Path
) -> Iterator[Problem]:
    choices = list(known)
    if name not in choices:
        yield document.problem(
            f"there is no {what} '{name}'",
            *path,
            hint=did_you_mean(name, choices) or f"there is: {', '.join(choices) or 'none'}",
        )


def _missing_router(
    topology: Topology, document: Document, system: str, router: str | None, path: Path
) -> Iterator[Problem]:
    """A router that must belong to an AS; silent where the AS itself is unknown."""
    if router is not None and system in topology.as_:
        known = router_names(system, topology.as_[system])
        yield from _missing(document, f"router of '{system}' called", router, known, path)


def _check_numbers(topology: Topology, document: Document) -> Iterator[Problem]:
    seen: dict[int, str] = {}
    for name, system in topology.as_.items():
        first = seen.setdefault(system.asn, name)
        if first != name:
            yield document.problem(
                f"AS number {system.asn} is already that of '{first}'", "as", name, "asn"
            )


def relation_of(entry: str | RelationSpec) -> RelationSpec:
    """The long form of a relation."""
    return RelationSpec.model_validate({"as": entry}) if isinstance(entry, str) else entry


def _check_relations(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, system in topology.as_.items():
        for kind in ("providers", "peers"):
            for index, entry in enumerate(getattr(system, kind)):
                path: Path = ("as", name, kind, index)
                yield from _check_relation(topology, document, name, relation_of(entry), path)
        providers = {relation_of(entry).as_ for entry in system.providers}
        for index, entry in enumerate(system.peers):
            if relation_of(entry).as_ in providers:
                message = f"'{relation_of(entry).as_}' is a provider of '{name}' already"
                yield document.problem(message, "as", name, "peers", index)


def _check_relation(
    topology: Topology, document: Document, name: str, relation: RelationSpec, path: Path
) -> Iterator[Problem]:
    if relation.as_ == name:
        yield document.problem(f"'{name}' cannot be related to itself", *path)
    yield from _missing(document, "AS", relation.as_, topology.as_, path)
    yield from _missing_router(topology, document, name, relation.here, (*path, "here"))
    yield from _missing_router(topology, document, relation.as_, relation.there, (*path, "there"))


def _check_provider_cycles(topology: Topology, document: Document) -> Iterator[Problem]:
    """An AS that buys transit from itself through others (RFC 7454's customer cone loops)."""
    providers = {
        name: [relation_of(entry).as_ for entry in system.providers]
        for name, system in topology.as_.items()
    }
    reported: set[str] = set()
    for name in providers:
        cycle = _find_cycle(providers, name)
        if cycle and not reported & set(cycle):
            reported |= set(cycle)
            message = "providers go in a circle: " + " → ".join(cycle)
            yield document.problem(message, "as", name, "providers")


def _find_cycle(edges: Mapping[str, list[str]], start: str) -> list[str] | None:
    stack, seen = [(start, [start])], {start}
    while stack:
        node, path = stack.pop()
        for following in edges.get(node, ()):
            if following == start and len(path) > 1:
                return [*path, start]
            if following not in seen:
                seen.add(following)
                stack.append((following, [*path, following]))
    return None


def member_of(entry: str | MemberSpec) -> MemberSpec:
    """The long form of an IXP's member."""
    return MemberSpec.model_validate({"as": entry}) if isinstance(entry, str) else entry


def _check_exchanges(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, exchange in topology.ixps.items():
        seen: set[str] = set()
        for index, entry in enumerate(exchange.members):
            member, path = member_of(entry), ("ixps", name, "members", index)
            yield from _missing(document, "AS", member.as_, topology.as_, path)
            yield from _missing_router(
                topology, document, member.as_, member.router, (*path, "router")
            )
            if member.as_ in seen:
                yield document.problem(f"'{member.as_}' is a member already", *path)
            seen.add(member.as_)
            if member.as_ in topology.as_ and router_at(topology, name, member) is None:
                yield _absent_member(topology, document, name, member.as_, path)


def router_at(topology: Topology, exchange: str, member: MemberSpec) -> str | None:
    """The member's router at an exchange: the one named, else the first in the same place."""
    system, place = topology.as_[member.as_], topology.ixps[exchange].at
    routers = router_names(member.as_, system)
    if member.router is not None or place is None:
        return member.router or routers[0]
    for router in routers:
        spec = system.routers.get(router)
        if ((spec.at if spec else None) or system.at) == place:
            return router
    return None


def _absent_member(
    topology: Topology, document: Document, exchange: str, system: str, path: Path
) -> Problem:
    spec = topology.as_[system]
    places = [
        f"{router} ({(router_spec.at if router_spec else None) or spec.at or 'nowhere'})"
        for router in router_names(system, spec)
        for router_spec in [spec.routers.get(router)]
    ]
    message = f"'{system}' has no router in {topology.ixps[exchange].at}, where '{exchange}' is"
    return document.problem(message, *path, hint=f"its routers: {', '.join(places)}")


def _check_homes(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, home in topology.homes.items():
        path: Path = ("homes", name)
        yield from _missing(document, "AS", home.isp, topology.as_, (*path, "isp"))
        yield from _missing_router(topology, document, home.isp, home.router, (*path, "router"))
    if topology.homes and topology.dns is None:
        yield document.problem("homes need names to resolve", "homes", hint="add 'dns: {as: …}'")


def _check_names(topology: Topology, document: Document) -> Iterator[Problem]:
    groups: list[tuple[Path, str | None, object]] = [
        (("zones", name), zone.as_, zone.servers) for name, zone in topology.zones.items()
    ]
    default = topology.dns.as_ if topology.dns else None
    if topology.dns:
        groups.append((("dns", "root"), topology.dns.root.as_, topology.dns.root.servers))
        groups += [
            (("dns", "tlds", tld), spec.as_, spec.servers)
            for tld, spec in topology.dns.tlds.items()
        ]
        if default is not None:
            yield from _missing(document, "AS", default, topology.as_, ("dns", "as"))
    elif topology.zones:
        yield document.problem("zones need a tree above them", "zones", hint="add 'dns: {as: …}'")
    for path, system, servers in groups:
        if servers == []:
            yield document.problem(f"'{path[-1]}' has no server", *path, "servers")
        if system is not None:
            yield from _missing(document, "AS", system, topology.as_, (*path, "as"))
        elif default is None:
            yield document.problem(f"'{path[-1]}' names no AS", *path, hint="add 'as: …'")


def _check_content(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, cdn in topology.cdns.items():
        yield from _missing(document, "AS", cdn.as_, topology.as_, ("cdns", name, "as"))
        for edge, router in cdn.edges.items():
            path: Path = ("cdns", name, "edges", edge)
            yield from _missing_router(topology, document, cdn.as_, router, path)
    for name, centre in topology.datacenters.items():
        path = ("datacenters", name)
        yield from _missing(document, "AS", centre.as_, topology.as_, (*path, "as"))
        yield from _missing_router(topology, document, centre.as_, centre.router, (*path, "router"))
    for host, site in topology.sites.items():
        path = ("sites", host)
        yield from _missing(
            document, "datacenter", site.origin, topology.datacenters, (*path, "origin")
        )
        if site.cdn is not None:
            yield from _missing(document, "CDN", site.cdn, topology.cdns, (*path, "cdn"))
        if zone_of(host, topology.zones) is None:
            yield document.problem(
                f"no zone holds '{host}'",
                *path,
                hint=did_you_mean(host.partition(".")[2], topology.zones) or "add one to 'zones'",
                at_key=True,
            )


def zone_of(host: str, zones: Iterable[str]) -> str | None:
    """The closest enclosing zone of a host name, or None."""
    holding = [zone for zone in zones if host == zone or host.endswith(f".{zone}")]
    return max(holding, key=len, default=None)


def _check_nodes(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, node in topology.nodes.items():
        path: Path = ("nodes", name)
        if node.role not in NODE_ROLES:
            yield document.problem(
                f"unknown role '{node.role}'",
                *path,
                "role",
                hint=did_you_mean(node.role, NODE_ROLES) or f"one of: {', '.join(NODE_ROLES)}",
            )
        if node.as_ is not None:
            yield from _missing(document, "AS", node.as_, topology.as_, (*path, "as"))
        elif node.role == "router":
            yield document.problem(f"router '{name}' is in no AS", *path, hint="add 'as: …'")


def _check_expectations(topology: Topology, document: Document) -> Iterator[Problem]:
    hosts = [host for home in topology.homes.values() for host in home.hosts]
    hosts += [name for name, node in topology.nodes.items() if node.role == "host"]
    for index, expectation in enumerate(topology.expect):
        path: Path = ("expect", index, "from")
        yield from _missing(document, "host", expectation.source, hosts, path)
