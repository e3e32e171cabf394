"""A resolver as pure computation: from the root hints down, through zones as they are served.

It takes nothing on trust: every server a delegation names must have its addresses of both families
beside it (glue), must exist in the plan, and must serve the zone it was named for. A server that
is at several places must answer the same at each.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from orchestrator.plan.addresses import FAMILIES, Address, holds
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import NameServerSettings, ResolverSettings, View, Zone

KINDS = {"A": 4, "AAAA": 6}


class Lame(AssertionError):
    """A delegation that leads nowhere."""


def resolve(plan: Plan, resolver: Node, name: str) -> set[str]:
    """The addresses of ``name`` (with its dot), the same from every server that may be asked over
    IPv4 or IPv6."""
    assert isinstance(resolver.settings, ResolverSettings)
    servers = [address for hint in resolver.settings.hints for address in hint.addresses]
    return _ask(plan, resolver, ".", servers, name)


def _ask(plan: Plan, resolver: Node, zone_name: str, servers: list[Address], name: str) -> set[str]:
    if {server.version for server in servers} != set(FAMILIES):
        raise Lame(f"{zone_name} is served at {servers}")
    answers = [
        _ask_one(plan, resolver, zone_name, view, name)
        for server in servers
        for view in _views(plan, server, resolver)
    ]
    assert all(answer == answers[0] for answer in answers), (name, answers)
    return answers[0]


def _ask_one(plan: Plan, resolver: Node, zone_name: str, view: View, name: str) -> set[str]:
    zone = _closest(view.zones, name)
    if len(zone.name) < len(zone_name):
        raise Lame(f"{zone.name} is served in place of {zone_name}")
    records = {(_full(r.owner, zone.name), r.type, r.value) for r in zone.records}
    cut = _cut(records, zone.name, name)
    if cut is None:
        return {value for owner, kind, value in records if owner == name and kind in KINDS}
    named = sorted(value for owner, kind, value in records if (owner, kind) == (cut, "NS"))
    return _ask(plan, resolver, cut, [a for ns in named for a in _glue(records, ns)], name)


def _views(plan: Plan, server: Address, resolver: Node) -> Iterator[View]:
    """What each node at an address shows a resolver that asks over its family."""
    nodes = [node for node in plan.nodes.values() if server in node.served]
    if not nodes:
        raise Lame(f"nobody at {server}")
    (client,) = (address for address in resolver.addresses if address.version == server.version)
    for node in nodes:
        if not isinstance(node.settings, NameServerSettings):
            raise Lame(f"no name server at {server}")
        yield _view(node.settings, client)


def _view(settings: NameServerSettings, client: Address) -> View:
    for view in settings.views:
        if not view.clients or any(holds(prefix, client) for prefix in view.clients):
            return view
    raise Lame(f"{client} is refused")


def _closest(zones: tuple[Zone, ...], name: str) -> Zone:
    holding = [zone for zone in zones if is_below(name, zone.name)]
    if not holding:
        raise Lame(f"{name} is refused")
    return max(holding, key=lambda zone: len(zone.name))


def _cut(records: set[tuple[str, str, str]], zone: str, name: str) -> str | None:
    """The delegation on the way from a zone's apex to a name."""
    cuts = [o for o, kind, _ in records if kind == "NS" and o != zone and is_below(name, o)]
    return min(cuts, key=len, default=None)


def _glue(records: set[tuple[str, str, str]], server: str) -> list[Address]:
    """A server's addresses: one of each family, and of the type that says so."""
    glue = [
        (kind, ip_address(value)) for o, kind, value in records if o == server and kind in KINDS
    ]
    if sorted(kind for kind, _ in glue) != [*KINDS]:
        raise Lame(f"glue for {server} is {glue}")
    assert all(KINDS[kind] == address.version for kind, address in glue), glue
    return [address for _, address in glue]


def _full(owner: str, zone: str) -> str:
    if owner == "@":
        return zone
    return owner if owner.endswith(".") else f"{owner}.{zone}"


def is_below(name: str, zone: str) -> bool:
    """Whether a name is a zone's apex or within it."""
    return zone in (".", name) or name.endswith(f".{zone}")
