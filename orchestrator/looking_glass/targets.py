"""Whom a user means by a name, and at which addresses: a node, a service, a site, an address."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from orchestrator.errors import unknown
from orchestrator.plan.addresses import Address, holds
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import (
    GatewaySettings,
    HostSettings,
    NameServerSettings,
    Record,
    View,
    Zone,
)

_MOST_ALIASES = 8


def find_target(plan: Plan, name: str, asking: Node) -> Node | tuple[Address, ...]:
    """The node of that name, else the addresses that ``name`` stands for.

    That is an address itself, an anycast service, or a host's name, which is looked up in the
    zones as ``asking`` would be answered. Raises UsageError with the nearest name.
    """
    if name in plan.nodes:
        return plan.nodes[name]
    if name in plan.anycast:
        return plan.anycast[name].addresses
    try:
        return (ip_address(name),)
    except ValueError:
        found = resolve(plan, name, asking)
    if not found:
        known = [*plan.nodes, *plan.anycast, *plan.sites]
        hint = "name a node, an anycast service, a site, an address"
        raise unknown("target", name, known, within=f"in lab '{plan.name}'", hint=hint)
    return found


def resolve(plan: Plan, host: str, asking: Node) -> tuple[Address, ...]:
    """A host name's addresses, IPv4 first, in the view that the resolver of ``asking`` gets."""
    resolver = _resolver_of(plan, asking)
    records = {
        (_absolute(record.owner, zone.name), record.type, _value(record, zone)): None
        for node in plan.nodes.values()
        if isinstance(node.settings, NameServerSettings)
        for zone in _view_for(node.settings.views, resolver).zones
        for record in zone.records
    }
    name = f"{host.rstrip('.').lower()}."
    for _ in range(_MOST_ALIASES):
        aliases = [value for owner, kind, value in records if (owner, kind) == (name, "CNAME")]
        if not aliases:
            break
        name = aliases[0]
    found = {ip_address(v) for owner, kind, v in records if owner == name and kind in ("A", "AAAA")}
    return tuple(sorted(found, key=lambda address: (address.version, int(address))))


def _absolute(owner: str, zone: str) -> str:
    if owner == "@":
        return zone
    return owner if owner.endswith(".") else f"{owner}.{zone.lstrip('.')}"


def _value(record: Record, zone: Zone) -> str:
    return _absolute(record.value, zone.name) if record.type == "CNAME" else record.value


def _view_for(views: Iterable[View], resolver: Address | None) -> View:
    """The first view that shows itself to a resolver; the last one is for everybody."""
    *near, everybody = views
    for view in near:
        if resolver is not None and any(holds(prefix, resolver) for prefix in view.clients):
            return view
    return everybody


def _resolver_of(plan: Plan, node: Node) -> Address | None:
    """Who asks the name servers for a node: its resolver, its gateway's, or it by itself."""
    settings = node.settings
    if isinstance(settings, HostSettings):
        if settings.gateway:
            return _resolver_of(plan, plan.nodes[settings.gateway])
        return settings.resolver
    if isinstance(settings, GatewaySettings):
        return next(iter(settings.resolvers), None)
    return next(iter(node.addresses), None)
