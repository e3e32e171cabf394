"""What a topology says of itself must hold together: every name refers to something there.

One function per section, each returning its problems; all of them are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.errors import Problem, SpecError
from orchestrator.spec.check_names import check_content, check_expectations, check_names
from orchestrator.spec.document import Document, Path
from orchestrator.spec.lookups import member_of, place_of, relation_of, router_at, router_names
from orchestrator.spec.model import RelationSpec, Topology
from orchestrator.spec.references import missing, missing_router, nearest

NODE_ROLES = ("host", "router")


def check_topology(topology: Topology, document: Document) -> None:
    """Raise SpecError with every reference that leads nowhere and every contradiction."""
    sections = (
        _check_numbers,
        _check_relations,
        _check_provider_cycles,
        _check_exchanges,
        _check_homes,
        check_names,
        check_content,
        _check_nodes,
        check_expectations,
    )
    problems = [problem for check in sections for problem in check(topology, document)]
    if problems:
        raise SpecError(problems)


def _check_numbers(topology: Topology, document: Document) -> Iterator[Problem]:
    seen: dict[int, str] = {}
    for name, system in topology.as_.items():
        first = seen.setdefault(system.asn, name)
        if first != name:
            yield document.problem(
                f"AS number {system.asn} is already that of '{first}'", "as", name, "asn"
            )


def _check_relations(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, system in topology.as_.items():
        for kind in ("providers", "peers"):
            seen: list[RelationSpec] = []
            for index, relation in enumerate(map(relation_of, getattr(system, kind))):
                path: Path = ("as", name, kind, index)
                yield from _check_relation(topology, document, name, relation, path)
                if relation in seen:
                    message = f"'{relation.as_}' is among the {kind} of '{name}' already"
                    yield document.problem(message, *path)
                seen.append(relation)
    yield from _check_contradictions(topology, document)


def _check_relation(
    topology: Topology, document: Document, name: str, relation: RelationSpec, path: Path
) -> Iterator[Problem]:
    if relation.as_ == name:
        yield document.problem(f"'{name}' cannot be related to itself", *path)
    yield from missing(document, "AS", relation.as_, topology.as_, _entry(document, path, "as"))
    yield from missing_router(topology, document, name, relation.here, (*path, "here"))
    yield from missing_router(topology, document, relation.as_, relation.there, (*path, "there"))


def _entry(document: Document, path: Path, key: str) -> Path:
    """The place of ``key`` where an entry has its long form; where it is short, the entry."""
    return (*path, key) if document.where(*path, key) != document.where(*path) else path


def _check_contradictions(topology: Topology, document: Document) -> Iterator[Problem]:
    """An AS is one thing to another: it cannot be paid and be a settlement-free peer too."""
    providers = _providers(topology)
    for name, system in topology.as_.items():
        for index, peer in enumerate(relation_of(entry).as_ for entry in system.peers):
            if peer == name:
                continue
            if peer in providers[name]:
                message = f"'{peer}' is a provider of '{name}' already"
                yield document.problem(message, "as", name, "peers", index)
            if name in providers.get(peer, ()):
                message = f"'{peer}' is a customer of '{name}' already"
                yield document.problem(message, "as", name, "peers", index)


def _providers(topology: Topology) -> dict[str, list[str]]:
    return {
        name: [relation_of(entry).as_ for entry in system.providers]
        for name, system in topology.as_.items()
    }


def _check_provider_cycles(topology: Topology, document: Document) -> Iterator[Problem]:
    """An AS that buys transit from itself through others: no route would ever settle."""
    providers = _providers(topology)
    reported: set[str] = set()
    for name in providers:
        cycle = _find_cycle(providers, name)
        if cycle and not reported & set(cycle):
            reported |= set(cycle)
            message = "providers go in a circle: " + " → ".join(cycle)
            yield document.problem(message, "as", name, "providers", at_key=True)


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


def _check_exchanges(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, exchange in topology.ixps.items():
        seen: set[str] = set()
        for index, member in enumerate(map(member_of, exchange.members)):
            path: Path = ("ixps", name, "members", index)
            yield from missing(
                document, "AS", member.as_, topology.as_, _entry(document, path, "as")
            )
            yield from missing_router(
                topology, document, member.as_, member.router, (*path, "router")
            )
            if member.as_ in seen:
                yield document.problem(f"'{member.as_}' is a member already", *path)
            seen.add(member.as_)
            if member.as_ in topology.as_ and router_at(topology, name, member) is None:
                yield _absent_member(topology, document, name, member.as_, path)


def _absent_member(
    topology: Topology, document: Document, exchange: str, system: str, path: Path
) -> Problem:
    places = [
        f"{router} ({place_of(topology, system, router) or 'nowhere'})"
        for router in router_names(topology, system)
    ]
    message = f"'{system}' has no router in {topology.ixps[exchange].at}, where '{exchange}' is"
    return document.problem(message, *path, hint=f"its routers: {', '.join(places)}")


def _check_homes(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, home in topology.homes.items():
        path: Path = ("homes", name)
        yield from missing(document, "AS", home.isp, topology.as_, (*path, "isp"))
        yield from missing_router(topology, document, home.isp, home.router, (*path, "router"))
    isps = {home.isp: name for name, home in reversed(topology.homes.items())}
    for name, system in topology.as_.items():
        if system.resolver is False and name in isps:
            message = f"home '{isps[name]}' needs the resolver of '{name}'"
            yield document.problem(message, "as", name, "resolver", hint="remove this line")


def _check_nodes(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, node in topology.nodes.items():
        path: Path = ("nodes", name)
        if node.role not in NODE_ROLES:
            hint = nearest(node.role, list(NODE_ROLES), "there is")
            yield document.problem(f"unknown role '{node.role}'", *path, "role", hint=hint)
        if node.as_ is not None:
            yield from missing(document, "AS", node.as_, topology.as_, (*path, "as"))
        elif node.role == "router":
            yield document.problem(f"router '{name}' is in no AS", *path, hint="add 'as: …'")
