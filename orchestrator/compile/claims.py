"""Prefixes that the user wrote: pools keep clear of them, and no two may overlap."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import combinations
from typing import NamedTuple

from orchestrator.compile.draft import Draft
from orchestrator.plan.addresses import Prefix, overlap, within
from orchestrator.spec.document import Path
from orchestrator.spec.lookups import router_names
from orchestrator.spec.model import Topology
from orchestrator.spec.systems import AsSpec

_MOST_SHOWN = 4  # prefixes that a hint lists


class Claim(NamedTuple):
    """A prefix, whose it is in words, where it was written, and whose systems it may lie in."""

    prefix: Prefix
    owner: str
    path: Path
    system: str = ""
    within: frozenset[str] = frozenset()
    addresses: frozenset[IPv4Address] = frozenset()
    shared: bool = False


def claims_of(topology: Topology) -> Iterator[Claim]:
    """Every prefix in a topology, links by hand last."""
    for name, system in topology.as_.items():
        if system.prefix:
            yield Claim(system.prefix, f"AS '{name}'", ("as", name, "prefix"), name)
        if system.prefix6:
            yield Claim(system.prefix6, f"AS '{name}'", ("as", name, "prefix6"), name)
        yield from _announced(name, system)
    for name, exchange in topology.ixps.items():
        if exchange.prefix:
            yield Claim(exchange.prefix, f"IXP '{name}'", ("ixps", name, "prefix"))
        if exchange.prefix6:
            yield Claim(exchange.prefix6, f"IXP '{name}'", ("ixps", name, "prefix6"))
    for name, home in topology.homes.items():
        if home.lan:
            yield Claim(home.lan, f"home '{name}'", ("homes", name, "lan"))
    for name, centre in topology.datacenters.items():
        if centre.lan:
            yield Claim(centre.lan, f"datacenter '{name}'", ("datacenters", name, "lan"))
    for index, link in enumerate(topology.links):
        if link.addresses:
            owner, path = f"link {'--'.join(link.ends)}", ("links", index, "addresses", 0)
            held = frozenset(address.ip for address in link.addresses)
            within = _systems_at(topology, index)
            yield Claim(link.addresses[0].network, owner, path, "", within, held)


def _announced(name: str, system: AsSpec) -> Iterator[Claim]:
    """What an AS announces: it may be part of what the AS has, and one may be part of another."""
    for index, entry in enumerate(system.announces):
        path, within = ("as", name, "announces", index), frozenset([name])
        yield Claim(entry.prefix, f"AS '{name}'", path, name, within, shared=entry.anycast)


def _systems_at(topology: Topology, index: int) -> frozenset[str]:
    """The ASes whose routers a link by hand ends at: it may use an address of theirs."""
    ends = {end.partition(":")[0] for end in topology.links[index].ends}
    return frozenset(name for name in topology.as_ if ends & set(router_names(topology, name)))


def reserve_claims(draft: Draft) -> None:
    """Keep every pool clear of what the user wrote, and note what overlaps."""
    claims = list(claims_of(draft.topology))
    draft.reserved += [claim.prefix for claim in claims]
    draft.drawn += [claim.prefix for claim in claims if claim.addresses]
    for first, second in combinations(claims, 2):
        if overlap(first.prefix, second.prefix) and not _may_overlap(first, second):
            where = draft.document.where(*first.path)
            message = (
                f"{second.prefix} of {second.owner} overlaps "
                f"{first.prefix} of {first.owner} on line {where.line}"
            )
            both = "announces" in first.path and "announces" in second.path
            same = both and first.prefix == second.prefix
            hint = "write 'anycast: true' at both if they are to share it" if same else ""
            draft.report(message, *second.path, hint=hint)


def _may_overlap(first: Claim, second: Claim) -> bool:
    if first.shared and second.shared and first.prefix == second.prefix:
        return True
    # Links that share an address are told so elsewhere, where the links are made.
    return first.system in second.within or not first.addresses.isdisjoint(second.addresses)


def refuse_pointless_hijacks(draft: Draft) -> None:
    """What is stolen must be somebody else's, as a whole or in part, or nothing would be seen."""
    had = [(prefix, name) for name in draft.systems for prefix in _rightful(draft, name)]
    for name, spec in draft.topology.as_.items():
        for index, prefix in enumerate(spec.hijacks):
            owners = {owner for known, owner in had if within(prefix, known)}
            if owners - {name}:
                continue
            message = f"'{name}' has {prefix} itself" if owners else f"nobody has {prefix} to steal"
            others = [f"{p} ({o})" for p, o in had if p.version == prefix.version and o != name]
            more = ", …" if len(others) > _MOST_SHOWN else ""
            hint = f"others have: {', '.join(others[:_MOST_SHOWN])}{more}" if others else ""
            draft.report(message, "as", name, "hijacks", index, hint=hint)


def _rightful(draft: Draft, name: str) -> list[Prefix]:
    return [*draft.systems[name].own, *(e.prefix for e in draft.topology.as_[name].announces)]
