"""A resolver as pure computation: from the root hints down, through zones as they are served.

It takes nothing on trust: every server a delegation names must have its address beside it
(glue), must exist in the plan, and must serve the zone it was named for.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import NameServerSettings, ResolverSettings, View, Zone


class Lame(AssertionError):
    """A delegation that leads nowhere."""


def resolve(plan: Plan, resolver: Node, name: str) -> set[str]:
    """The addresses of ``name`` (with its dot), the same from every server that may be asked."""
    assert isinstance(resolver.settings, ResolverSettings)
    servers = [(hint.name, hint.address) for hint in resolver.settings.hints]
    return _ask(plan, resolver, ".", servers, name)


def _ask(
    plan: Plan, resolver: Node, zone_name: str, servers: list[tuple[str, IPv4Address]], name: str
) -> set[str]:
    if not servers:
        raise Lame(f"nobody serves {zone_name}")
    answers = [_ask_one(plan, resolver, zone_name, address, name) for _, address in servers]
    assert all(answer == answers[0] for answer in answers), (name, answers)
    return answers[0]


def _ask_one(plan: Plan, resolver: Node, zone_name: str, at: IPv4Address, name: str) -> set[str]:
    zone = _closest(_view(plan, at, resolver.address).zones, name)
    if len(zone.name) < len(zone_name):
        raise Lame(f"{at} does not serve {zone_name}")
    records = {(_full(r.owner, zone.name), r.type, r.value) for r in zone.records}
    cut = _cut(records, zone.name, name)
    if cut is None:
        return {value for owner, kind, value in records if (owner, kind) == (name, "A")}
    named = sorted(value for owner, kind, value in records if (owner, kind) == (cut, "NS"))
    return _ask(plan, resolver, cut, [(ns, _glue(records, ns)) for ns in named], name)


def _view(plan: Plan, server: IPv4Address, client: IPv4Address) -> View:
    node = plan.owner_of(server)
    if node is None or not isinstance(node.settings, NameServerSettings):
        raise Lame(f"no name server at {server}")
    for view in node.settings.views:
        if not view.clients or any(client in prefix for prefix in view.clients):
            return view
    raise Lame(f"{node.name} refuses {client}")


def _closest(zones: tuple[Zone, ...], name: str) -> Zone:
    holding = [zone for zone in zones if is_below(name, zone.name)]
    if not holding:
        raise Lame(f"{name} is refused")
    return max(holding, key=lambda zone: len(zone.name))


def _cut(records: set[tuple[str, str, str]], zone: str, name: str) -> str | None:
    """The delegation on the way from a zone's apex to a name."""
    cuts = [o for o, kind, _ in records if kind == "NS" and o != zone and is_below(name, o)]
    return min(cuts, key=len, default=None)


def _glue(records: set[tuple[str, str, str]], server: str) -> IPv4Address:
    for owner, kind, value in records:
        if (owner, kind) == (server, "A"):
            return IPv4Address(value)
    raise Lame(f"no glue for {server}")


def _full(owner: str, zone: str) -> str:
    if owner == "@":
        return zone
    return owner if owner.endswith(".") else f"{owner}.{zone}"


def is_below(name: str, zone: str) -> bool:
    """Whether a name is a zone's apex or within it."""
    return zone in (".", name) or name.endswith(f".{zone}")
