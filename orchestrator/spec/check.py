"""What a topology says of itself must hold together: every name refers to something there.

One function per section, each returning its problems; all of them are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem, SpecError, nearest
from orchestrator.spec.check_ixps import check_ixps
from orchestrator.spec.check_names import (
    check_content,
    check_expectations,
    check_names,
    check_resolvers,
)
from orchestrator.spec.check_relations import check_provider_cycles, check_relations
from orchestrator.spec.check_routing import check_announcements, check_interiors, check_rpki
from orchestrator.spec.document import Document, Path
from orchestrator.spec.model import NODE_ROLES, Topology
from orchestrator.spec.references import missing, missing_router


def check_topology(topology: Topology, document: Document) -> None:
    """Raise SpecError with every reference that leads nowhere and every contradiction."""
    sections = (
        _check_numbers,
        check_relations,
        check_provider_cycles,
        check_interiors,
        check_announcements,
        check_rpki,
        check_ixps,
        _check_homes,
        check_names,
        check_resolvers,
        check_content,
        _check_nodes,
        check_expectations,
    )
    problems = [problem for check in sections for problem in check(topology, document)]
    if problems:
        raise SpecError(problems)


def _check_numbers(topology: Topology, document: Document) -> Iterator[Problem]:
    """An AS number is one AS's, or one route server's."""
    wanted: list[tuple[int, str, Path]] = [
        (system.asn, f"'{name}'", ("as", name, "asn")) for name, system in topology.as_.items()
    ]
    for name, exchange in topology.ixps.items():
        server = exchange.route_server
        if server is not False and server.asn is not None:
            path: Path = ("ixps", name, "route_server", "asn")
            wanted.append((server.asn, f"the route server of '{name}'", path))
    seen: dict[int, str] = {}
    for asn, owner, path in wanted:
        if asn in seen:
            message = f"AS number {asn} is already that of {seen[asn]}"
            yield document.problem(message, *path)
        seen.setdefault(asn, owner)


def _check_homes(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, home in topology.homes.items():
        path: Path = ("homes", name)
        yield from missing(document, "AS", home.isp, topology.as_, (*path, "isp"))
        yield from missing_router(topology, document, home.isp, home.router, (*path, "router"))
        if home.resolver is not None:
            where = (*path, "resolver")
            known = topology.resolvers
            yield from missing(document, "public resolver", home.resolver, known, where)
    isps = {home.isp: name for name, home in reversed(topology.homes.items())}
    for name, system in topology.as_.items():
        if system.resolver is False and name in isps:
            message = f"home '{isps[name]}' needs the resolver of '{name}'"
            yield document.problem(message, "as", name, "resolver", hint="remove this line")


def _check_nodes(topology: Topology, document: Document) -> Iterator[Problem]:
    for name, node in topology.nodes.items():
        path: Path = ("nodes", name)
        if node.role not in NODE_ROLES:
            hint = nearest(node.role, NODE_ROLES)
            yield document.problem(f"unknown role '{node.role}'", *path, "role", hint=hint)
        if node.as_ is not None:
            yield from missing(document, "AS", node.as_, topology.as_, (*path, "as"))
        elif node.role == "router":
            yield document.problem(f"router '{name}' is in no AS", *path, hint="add 'as: …'")
