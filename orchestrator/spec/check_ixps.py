"""Checks of IXPs: their members, where those stand, and how they peer."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem
from orchestrator.spec.document import Document, Path
from orchestrator.spec.lookups import member_of, place_of, router_at, router_names
from orchestrator.spec.model import Topology
from orchestrator.spec.references import missing, missing_router
from orchestrator.spec.systems import MemberSpec


def check_ixps(topology: Topology, document: Document) -> Iterator[Problem]:
    """Members are ASes, each once, with a router at hand, and peer by what is there."""
    for name, ixp in topology.ixps.items():
        seen: set[str] = set()
        for index, member in enumerate(map(member_of, ixp.members)):
            path: Path = ("ixps", name, "members", index)
            yield from _check_member(topology, document, name, member, path)
            if member.as_ in seen:
                yield document.problem(f"'{member.as_}' is a member already", *path)
            seen.add(member.as_)


def _check_member(
    topology: Topology, document: Document, ixp: str, member: MemberSpec, path: Path
) -> Iterator[Problem]:
    where = document.entry(*path, key="as")
    yield from missing(document, "AS", member.as_, topology.as_, where)
    yield from missing_router(topology, document, member.as_, member.router, (*path, "router"))
    if member.as_ in topology.as_ and router_at(topology, ixp, member) is None:
        yield _absent_member(topology, document, ixp, member.as_, path)
    has_server = topology.ixps[ixp].route_server is not False
    if member.peering in ("route-server", "both") and not has_server:
        hint = f"add 'route_server: true' to 'ixps.{ixp}'"
        message = f"'{ixp}' has no route server"
        yield document.problem(message, *path, "peering", hint=hint)


def _absent_member(
    topology: Topology, document: Document, ixp: str, system: str, path: Path
) -> Problem:
    places = [
        f"{router} ({place_of(topology, system, router) or 'nowhere'})"
        for router in router_names(topology, system)
    ]
    message = f"'{system}' has no router in {topology.ixps[ixp].at}, where '{ixp}' is"
    return document.problem(message, *path, hint=f"its routers: {', '.join(places)}")
