"""Checks of who is what to whom: providers, peers, and peerings over an exchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.errors import Problem
from orchestrator.spec.document import Document, Path
from orchestrator.spec.lookups import member_of, relation_of
from orchestrator.spec.model import Topology
from orchestrator.spec.references import missing, missing_router
from orchestrator.spec.systems import RelationSpec

# What a relation has where it is a link of its own; at an exchange its members have that.
_OF_A_LINK = ("here", "there", "wire")
_OF_A_SESSION = ("policy", "theirs", "bfd", "hold")


def check_relations(topology: Topology, document: Document) -> Iterator[Problem]:
    """Relations lead to an AS, once, over what both of them have."""
    for name, system in topology.as_.items():
        for kind in ("providers", "peers"):
            seen: list[RelationSpec] = []
            for index, relation in enumerate(map(relation_of, getattr(system, kind))):
                path: Path = ("as", name, kind, index)
                yield from _check_relation(topology, document, name, relation, path)
                if any(_is_again(relation, other) for other in seen):
                    message = f"'{relation.as_}' is among the {kind} of '{name}' already"
                    yield document.problem(message, *path)
                seen.append(relation)
    yield from _check_contradictions(topology, document)
    yield from _check_agreements(topology, document)


def _is_again(relation: RelationSpec, other: RelationSpec) -> bool:
    """Links may be parallel, if they differ; at one exchange two ASes have one session."""
    at_one_exchange = relation.via is not None and relation.via == other.via
    return relation == other or (at_one_exchange and relation.as_ == other.as_)


def _check_relation(
    topology: Topology, document: Document, name: str, relation: RelationSpec, path: Path
) -> Iterator[Problem]:
    if relation.as_ == name:
        yield document.problem(f"'{name}' cannot be related to itself", *path)
    where = document.entry(*path, key="as")
    yield from missing(document, "AS", relation.as_, topology.as_, where)
    yield from missing_router(topology, document, name, relation.here, (*path, "here"))
    yield from missing_router(topology, document, relation.as_, relation.there, (*path, "there"))
    if relation.via is not None:
        yield from _check_via(topology, document, name, relation, path)


def _check_via(
    topology: Topology, document: Document, name: str, relation: RelationSpec, path: Path
) -> Iterator[Problem]:
    """A peering over an exchange needs both there, and no link of its own."""
    via = str(relation.via)
    if "providers" in path:
        message = "a provider needs a link of its own"
        yield document.problem(message, *path, "via", hint="remove 'via', or write it in 'peers'")
        return
    yield from missing(document, "IXP", via, topology.ixps, (*path, "via"))
    if via in topology.ixps:
        members = [member_of(member).as_ for member in topology.ixps[via].members]
        for system in dict.fromkeys((name, relation.as_)):
            if system not in members and system in topology.as_:
                message = f"'{system}' is not a member of '{via}', where they are to peer"
                hint = f"add '{system}' to 'ixps.{via}.members'"
                yield document.problem(message, *path, "via", hint=hint)
    for key in _OF_A_LINK:
        if key in relation.model_fields_set:
            message = f"'{key}' and 'via' contradict each other"
            hint = f"write '{'wire' if key == 'wire' else 'router'}' at the members of '{via}'"
            yield document.problem(message, *path, key, hint=hint, at_key=True)


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


def _check_agreements(topology: Topology, document: Document) -> Iterator[Problem]:
    """A peering over an exchange may be written on both sides, but what it is like on one."""
    first: dict[tuple[str, str, str | None], None] = {}
    for name, system in topology.as_.items():
        for index, relation in enumerate(map(relation_of, system.peers)):
            if relation.via is None:
                continue
            if (relation.as_, name, relation.via) in first:
                for key in _OF_A_SESSION:
                    if key in relation.model_fields_set:
                        message = f"'{relation.as_}' has this peering already"
                        there = {"policy": "theirs", "theirs": "policy"}.get(key, key)
                        hint = f"write it there, as '{there}'"
                        where = ("as", name, "peers", index, key)
                        yield document.problem(message, *where, hint=hint, at_key=True)
            first[name, relation.as_, relation.via] = None


def _providers(topology: Topology) -> dict[str, list[str]]:
    return {
        name: [relation_of(entry).as_ for entry in system.providers]
        for name, system in topology.as_.items()
    }


def check_provider_cycles(topology: Topology, document: Document) -> Iterator[Problem]:
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
