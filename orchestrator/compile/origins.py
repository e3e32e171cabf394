"""What routers announce: their AS's own prefixes, others that it has, and those it steals."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from orchestrator.compile.draft import Draft, System
from orchestrator.plan.addresses import Prefix, overlap
from orchestrator.plan.routing import Origin
from orchestrator.spec.systems import AsSpec

# Prefixes that no AS may announce to the Internet (RFC 6890 and its registries); those that the
# lab itself uses in place of public space are left out of the filters.
BOGONS: tuple[Prefix, ...] = (
    *map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
        ),
    ),
    *map(
        IPv6Network,
        ("::/8", "100::/64", "2001:db8::/32", "3fff::/20", "fc00::/7", "fe80::/10", "ff00::/8"),
    ),
)


def set_origins(draft: Draft) -> None:
    """Give every router what it announces of itself."""
    for system in draft.systems.values():
        spec = draft.topology.as_[system.name]
        for router in system.routers:
            draft.origins[router.name] += [Origin(prefix) for prefix in system.prefixes]
            draft.origins[router.name] += _announced(spec, router.name)
        first = system.routers[0].name
        draft.origins[first] += [Origin(prefix, hijack=True) for prefix in spec.hijacks]


def _announced(spec: AsSpec, router: str) -> list[Origin]:
    return [Origin(entry.prefix) for entry in spec.announces if entry.at in (None, router)]


def own_prefixes(draft: Draft, system: System) -> tuple[Prefix, ...]:
    """What an AS never accepts from outside: all that is its own and nobody else's."""
    announces = draft.topology.as_[system.name].announces
    return (*system.own, *(entry.prefix for entry in announces if not entry.anycast))


def bogons(draft: Draft) -> tuple[Prefix, ...]:
    """The bogons of this lab: none that any of its ASes announces."""
    used: list[Prefix] = [prefix for system in draft.systems.values() for prefix in system.own]
    for spec in draft.topology.as_.values():
        used += [*spec.hijacks, *(entry.prefix for entry in spec.announces)]
    return tuple(bogon for bogon in BOGONS if not any(overlap(bogon, prefix) for prefix in used))
