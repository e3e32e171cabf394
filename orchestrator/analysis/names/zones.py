"""What the plan's zones hold about a name: what an honest answer must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from orchestrator.analysis.names.messages import Message
from orchestrator.plan.addresses import Address, holds
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import NameServerSettings, Record, Zone


@dataclass(frozen=True)
class Planned:
    """The closest zone (its name ends with a dot), and what it has: the records of the name and
    type, or its CNAME, perhaps made of a wildcard (RFC 4592).

    exists  tells an empty answer from a name that is not there; above a name there is one, too,
            if an empty one (RFC 8020)
    denied  whether the answer says NXDOMAIN: the last of the names that CNAMEs lead to counts
            (RFC 6604). None where they lead out of what is known, or in circles
    circles whether they lead in circles: then there is no good answer
    """

    zone: str
    records: tuple[Record, ...]
    exists: bool
    denied: bool | None
    circles: bool = False

    @property
    def told(self) -> str:
        """What it has, in words, without the type; "" of nothing."""
        ends = "in a circle" if self.circles else "to no name" if self.denied else ""
        values = ", ".join(sorted(self.values))
        return f"{values} (which leads {ends})" if values and ends else values

    def agrees(self, answer: Message) -> bool:
        """Whether a response says what it has.

        One to CNAMEs in a circle may be an error; and of what CNAMEs lead to, dnsmasq's cache
        knows that there is no address, not why: its code is NOERROR then.
        """
        said = {record.value for record in answer.of("answer")}
        found = self.values <= said if self.records else not said
        if self.circles or (self.denied and self.records):
            return (found or self.circles) and not answer.of("answer", "A", "AAAA")
        return found and self.denied in (None, answer.rcode == "NXDOMAIN")

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

    def closest(wanted: str) -> Zone | None:
        served = (zone_served(node, wanted, asker) for node in plan.nodes.values())
        zones = [zone for zone in served if zone is not None and zone.name != "."]
        return max(zones, key=lambda zone: len(zone.name), default=None)

    zone = closest(name)
    return None if zone is None else _follow(zone, name, kind, closest)


def look_up(zone: Zone, name: str, kind: str) -> Planned:
    """What a zone has about a name."""
    return _follow(zone, name, kind, lambda n: zone if is_within(absolute(n), zone.name) else None)


def _follow(zone: Zone, name: str, kind: str, closest: Callable[[str], Zone | None]) -> Planned:
    """What a zone has, and how it ends: CNAMEs lead on, into zones that ``closest`` finds."""
    first = last = _held(zone, name, kind)
    seen: set[str] = set()
    while target := _target(last, kind):
        where = closest(target)
        if target in seen or where is None:
            return replace(first, denied=None, circles=target in seen)
        seen.add(target)
        last = _held(where, target, kind)
    return replace(first, denied=not last.exists)


def _held(zone: Zone, name: str, kind: str) -> Planned:
    wanted = absolute(name)
    owned = _owned(zone, wanted)
    found = tuple(r for r in owned if r.type == kind) or tuple(
        r for r in owned if r.type == "CNAME"
    )
    exists = bool(owned) or _is_above_another(zone, wanted)
    return Planned(zone.name, found, exists, not exists)


def _target(held: Planned, kind: str) -> str:
    """The name that a CNAME leads to; "" where nothing is left to look up."""
    alias = held.records[0] if held.records and kind != "CNAME" else None
    return alias.value.lower() if alias and alias.type == "CNAME" else ""


def _owned(zone: Zone, wanted: str) -> tuple[Record, ...]:
    """The records of a name; of one that is not there, those of the wildcard beside it: below the
    closest name above it that is there (RFC 4592, 3.3.1)."""
    own = tuple(record for record in zone.records if owner_of(record, zone) == wanted)
    if own or not is_within(wanted, zone.name) or _is_above_another(zone, wanted):
        return own
    above = wanted
    while above != zone.name:
        above = above.partition(".")[2] or "."
        there = tuple(r for r in zone.records if owner_of(r, zone) == f"*.{above.lstrip('.')}")
        is_there = any(owner_of(record, zone) == above for record in zone.records)
        if there or is_there or _is_above_another(zone, above):
            return there
    return ()


def _is_above_another(zone: Zone, name: str) -> bool:
    """Whether a name has names below it, and so is there itself, if without records."""
    return any(owner_of(record, zone).endswith(f".{name}") for record in zone.records)


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
