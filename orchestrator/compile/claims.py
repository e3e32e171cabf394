"""Prefixes that the user wrote: pools keep clear of them, and no two may overlap."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import NamedTuple

from orchestrator.compile.draft import Draft
from orchestrator.spec.document import Path
from orchestrator.spec.lookups import router_names
from orchestrator.spec.model import Topology


class Claim(NamedTuple):
    """A prefix, whose it is in words, where it was written, and whose systems it may lie in."""

    prefix: IPv4Network
    owner: str
    path: Path
    system: str = ""
    within: frozenset[str] = frozenset()
    addresses: frozenset[IPv4Address] = frozenset()


def claims_of(topology: Topology) -> Iterator[Claim]:
    """Every prefix in a topology, links by hand last."""
    for name, system in topology.as_.items():
        if system.prefix:
            yield Claim(system.prefix, f"AS '{name}'", ("as", name, "prefix"), name)
    for name, exchange in topology.ixps.items():
        if exchange.prefix:
            yield Claim(exchange.prefix, f"IXP '{name}'", ("ixps", name, "prefix"))
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
        # Links that share an address are told so elsewhere, where the links are made.
        allowed = first.system in second.within or first.addresses & second.addresses
        if first.prefix.overlaps(second.prefix) and not allowed:
            where = draft.document.where(*first.path)
            message = (
                f"{second.prefix} of {second.owner} overlaps "
                f"{first.prefix} of {first.owner} on line {where.line}"
            )
            draft.report(message, *second.path)
