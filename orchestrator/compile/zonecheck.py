"""What named would refuse a zone for: found here, where the record that does it has a line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from orchestrator.compile.draft import Draft
from orchestrator.plan.services import NameServerSettings, Zone
from orchestrator.spec.domains import zone_of
from orchestrator.spec.services import RecordSpec

LONGEST_DOMAIN = 253
_POINTERS = ("MX", "NS", "SRV")  # what they name must have an address (RFC 2181, 10.3)


def refuse_bad_zones(draft: Draft) -> None:
    """Note contradictions between what a zone is given by hand and what it holds anyway."""
    for zone in draft.topology.zones:
        holdings = _holdings(next(_served(draft, zone)))
        _refuse_long_names(draft, zone, holdings)
        for host in draft.topology.sites:
            if f"{host}." in _servers(holdings):
                message = f"'{host}' is the name of a name server"
                draft.report(message, "sites", host, hint="choose another", at_key=True)
        for index, spec in enumerate(draft.topology.zones[zone].records):
            for key, message, hint in _mistakes(draft, zone, spec, holdings):
                draft.report(message, "zones", zone, "records", index, key, hint=hint)


Holdings = dict[str, list[tuple[str, str]]]


def _served(draft: Draft, name: str) -> Iterator[Zone]:
    """The zone as each view shows it; views differ in addresses only."""
    for machine in draft.machines.values():
        if isinstance(machine.settings, NameServerSettings):
            for view in machine.settings.views:
                yield from (zone for zone in view.zones if zone.name == f"{name}.")


def _holdings(zone: Zone) -> Holdings:
    """Owner → type and value of each of its records, all names in full."""
    holdings: Holdings = defaultdict(list)
    for record in zone.records:
        holdings[_full(record.owner, zone.name)].append((record.type, record.value))
    return holdings


def _full(name: str, zone: str) -> str:
    """A name of a zone file, made absolute (RFC 1035, 5.1)."""
    if name == "@":
        return zone
    return (name if name.endswith(".") else f"{name}.{zone}").lower()


def _servers(holdings: Holdings) -> set[str]:
    return {value for records in holdings.values() for kind, value in records if kind == "NS"}


def _refuse_long_names(draft: Draft, zone: str, holdings: Holdings) -> None:
    for owner in holdings:
        if len(owner) - 1 > LONGEST_DOMAIN:
            message = f"a name in zone '{zone[:20]}…' would have {len(owner) - 1} octets"
            hint = f"at most {LONGEST_DOMAIN} (RFC 1035)"
            draft.report(message, "zones", zone, hint=hint, at_key=True)
            return


def _mistakes(
    draft: Draft, zone: str, spec: RecordSpec, holdings: Holdings
) -> Iterator[tuple[str, str, str]]:
    """Key, message and hint for each thing wrong with a record."""
    owner = _full(spec.owner, f"{zone}.")
    inner = zone_of(owner.rstrip("."), draft.topology.zones)
    # Of a record that leaves the owner out, the record itself is the place.
    if inner != zone:
        yield "owner", f"'{owner}' is in zone '{inner}'", f"write it under '{inner}'"
    if owner[:-1] in draft.topology.sites and spec.type in ("A", "AAAA", "CNAME"):
        yield "owner", f"'{owner}' is a site, whose address is computed", "remove the record"
    elif spec.type == "CNAME" and len(holdings[owner]) > 1:
        others = ", ".join(dict.fromkeys(kind for kind, _ in holdings[owner] if kind != "CNAME"))
        message = f"'{owner}' has other records{f' ({others})' if others else ''}"
        yield "type", message, "a CNAME stands alone (RFC 1034, 3.6.2)"
    if spec.type in _POINTERS:
        target = _full(spec.value.split()[-1], f"{zone}.")
        if zone_of(target[:-1], draft.topology.zones) == zone and not _answers(target, holdings):
            yield "value", f"'{target}' has no address", f"add an A record for it to '{zone}'"


def _answers(name: str, holdings: Holdings) -> bool:
    """Whether an address is held for a name, or for a wildcard above it."""
    labels = name.split(".")
    names = [name, *(".".join(["*", *labels[n:]]) for n in range(1, len(labels) - 1))]
    return any(kind in ("A", "AAAA") for each in names for kind, _ in holdings.get(each, ()))
