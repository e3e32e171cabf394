"""Short forms spelt out, and what a topology says of itself in more than one place."""

from __future__ import annotations

from orchestrator.spec.model import Topology
from orchestrator.spec.places import Coordinates
from orchestrator.spec.systems import AsSpec, MemberSpec, RelationSpec


def relation_of(entry: str | RelationSpec) -> RelationSpec:
    """The long form of a relation."""
    return RelationSpec.model_validate({"as": entry}) if isinstance(entry, str) else entry


def member_of(entry: str | MemberSpec) -> MemberSpec:
    """The long form of an IXP's member."""
    return MemberSpec.model_validate({"as": entry}) if isinstance(entry, str) else entry


def listed_routers(name: str, system: AsSpec) -> tuple[str, ...]:
    """The routers of an AS; one that lists none has a single router with its own name."""
    return tuple(system.routers) or (name,)


def router_names(topology: Topology, name: str) -> tuple[str, ...]:
    """All routers of an AS, those drawn by hand under ``nodes`` included."""
    drawn = [
        node for node, spec in topology.nodes.items() if spec.role == "router" and spec.as_ == name
    ]
    return (*listed_routers(name, topology.as_[name]), *drawn)


def place_of(topology: Topology, name: str, router: str) -> str | Coordinates | None:
    """Where a router of an AS stands: where it says, else where its AS does."""
    system = topology.as_[name]
    spec = system.routers.get(router) or topology.nodes.get(router)
    return (spec.at if spec else None) or system.at


def router_at(topology: Topology, exchange: str, member: MemberSpec) -> str | None:
    """The member's router at an exchange: the one named, else the first in the same place."""
    routers, place = router_names(topology, member.as_), topology.ixps[exchange].at
    if member.router is not None or place is None:
        return member.router or routers[0]
    return next((r for r in routers if place_of(topology, member.as_, r) == place), None)


def peering_of(topology: Topology, exchange: str, member: MemberSpec) -> str:
    """How a member peers at an exchange: as it says, else over the route server if there is one."""
    bare = topology.ixps[exchange].route_server is False
    return member.peering or ("bilateral" if bare else "route-server")


def implied_tlds(topology: Topology) -> dict[str, str]:
    """Top-level domains that no one lists but zones are in: each, and the first such zone."""
    listed = topology.dns.tlds if topology.dns else {}
    zones = {zone.rpartition(".")[2]: zone for zone in reversed(topology.zones)}
    return {tld: zones[tld] for tld in sorted(zones) if tld not in listed}
