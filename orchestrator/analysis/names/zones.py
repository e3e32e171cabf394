"""What the plan's zones hold about a name: what an honest answer must be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.plan.addresses import Address, holds
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import NameServerSettings, Record, Zone


@dataclass(frozen=True)
class Planned:
    """The closest zone (its name ends with a dot), and what it has: the records of the name and
    type, or its CNAME; ``exists`` tells an empty answer from a name that is not there."""

    zone: str
    records: tuple[Record, ...]
    exists: bool

    @property
    def values(self) -> set[str]:
        """What the records say, without the dot at the end of names."""
        return {record.value.rstrip(".") for record in self.records}


def absolute(name: str) -> str:
    """A name as zones write it, from how tshark writes it."""
    return "." if name == "<Root>" else f"{name.lower().rstrip('.')}."


def is_within(name: str, zone: str) -> bool:
    """Whether a name is a zone's or below it; both end with a dot."""
    return zone == "." or name == zone or name.endswith(f".{zone}")


def zone_served(node: Node, name: str, asker: Address) -> Zone | None:
    """The closest zone around a name of those that a server shows to an asker."""
    zones = [z for z in _shown(node, asker) if is_within(absolute(name), z.name)]
    return max(zones, key=lambda zone: len(zone.name), default=None)


def planned(plan: Plan, name: str, kind: str, asker: Address) -> Planned | None:
    """What the closest zone of the plan shows to an asker (a resolver); None where none is."""
    served = [zone_served(node, name, asker) for node in plan.nodes.values()]
    zones = [zone for zone in served if zone is not None and zone.name != "."]
    if not zones:
        return None
    return look_up(max(zones, key=lambda zone: len(zone.name)), name, kind)


def look_up(zone: Zone, name: str, kind: str) -> Planned:
    """What a zone has about a name."""
    wanted = absolute(name)
    owned = [record for record in zone.records if owner_of(record, zone) == wanted]
    found = tuple(r for r in owned if r.type == kind) or tuple(
        r for r in owned if r.type == "CNAME"
    )
    return Planned(zone.name, found, bool(owned))


def owner_of(record: Record, zone: Zone) -> str:
    """A record's owner, written in full."""
    if record.owner == "@":
        return zone.name
    within = "" if zone.name == "." else zone.name
    return record.owner if record.owner.endswith(".") else f"{record.owner}.{within}"


def _shown(node: Node, asker: Address) -> Iterator[Zone]:
    settings = node.settings
    if isinstance(settings, NameServerSettings):
        for view in settings.views:
            # The first view that an asker belongs to is the one it gets, as in BIND.
            if not view.clients or any(holds(prefix, asker) for prefix in view.clients):
                yield from view.zones
                return
