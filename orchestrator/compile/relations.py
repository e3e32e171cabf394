"""Who buys transit from whom, who peers with whom, and over which link or exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import count

from orchestrator.compile.addressing import EXCHANGE_LENGTH, PUBLIC
from orchestrator.compile.draft import (
    PLACEHOLDER,
    Draft,
    Machine,
    System,
    distance_between,
    interface_of,
)
from orchestrator.plan.services import BgpSession, Relation
from orchestrator.spec.lookups import member_of, relation_of, router_at
from orchestrator.spec.model import RelationSpec

_OPPOSITE: dict[Relation, Relation] = {
    "customer": "provider",
    "provider": "customer",
    "peer": "peer",
}


def add_relations(draft: Draft) -> None:
    """A link and a BGP session for every provider and peer that the topology names."""
    for name, spec in draft.topology.as_.items():
        for index, entry in enumerate(spec.providers):
            path = ("as", name, "providers", index)
            _add_relation(draft, draft.systems[name], relation_of(entry), "provider", path)
        for index, entry in enumerate(spec.peers):
            path = ("as", name, "peers", index)
            if _is_written_before(draft, name, relation_of(entry)):
                if relation_of(entry).wire:
                    message = f"'{relation_of(entry).as_}' has this peering already"
                    draft.report(message, *path, "wire", hint="write its wire there")
            else:
                _add_relation(draft, draft.systems[name], relation_of(entry), "peer", path)


def _is_written_before(draft: Draft, name: str, peering: RelationSpec) -> bool:
    """Whether the other side has this peering too, further up: both then mean one link."""
    specs = draft.topology.as_
    order = list(specs)
    if order.index(peering.as_) > order.index(name):
        return False
    return any(
        theirs.as_ == name
        and (None in (theirs.there, peering.here) or theirs.there == peering.here)
        and (None in (theirs.here, peering.there) or theirs.here == peering.there)
        for theirs in map(relation_of, specs[peering.as_].peers)
    )


def _add_relation(
    draft: Draft, ours: System, spec: RelationSpec, relation: Relation, path: tuple[str | int, ...]
) -> None:
    theirs = draft.systems[spec.as_]
    here, there = _meeting_routers(ours, theirs, spec)
    # Providers number their customers' links; between peers the lower ASN does.
    numbering = theirs if relation == "provider" or theirs.asn < ours.asn else ours
    prefix = draft.take(numbering.pools.links, 31, f"link {here.name}--{there.name}", path)
    ports = draft.wire(here, there, prefix)
    if spec.wire:
        draft.wires[ports[0].link].append((spec.wire, (*path, "wire")))
    addresses = ports[0].addresses[0].ip, ports[1].addresses[0].ip
    _add_session(draft, (ours, here, addresses[0]), (theirs, there, addresses[1]), relation, "to")


def _meeting_routers(ours: System, theirs: System, spec: RelationSpec) -> tuple[Machine, Machine]:
    pairs = [
        (here, there)
        for here in ours.routers
        for there in theirs.routers
        if spec.here in (None, here.name) and spec.there in (None, there.name)
    ]
    return min(pairs, key=lambda pair: distance_between(*pair))


Side = tuple[System, Machine, IPv4Address]


def _add_session(draft: Draft, a: Side, b: Side, relation: Relation, via: str) -> None:
    """One BGP session, from both sides; ``relation`` is what b is to a."""
    for (system, router, address), (other, neighbour, remote), kind in (
        (a, b, relation),
        (b, a, _OPPOSITE[relation]),
    ):
        system.relations[other.asn] = kind
        name = session_name(draft.sessions[router.name], via, neighbour.name)
        draft.sessions[router.name].append(
            BgpSession(name, kind, address, remote, other.asn, neighbour.name)
        )


def session_name(others: Sequence[BgpSession], via: str, neighbour: str) -> str:
    """A symbol of BIRD's that no other session of the router has: at most 64 characters."""
    stem = f"{via}_{neighbour}".replace("-", "_")
    stem = stem if stem[0].isalpha() else f"_{stem}"
    names = (stem[:64] if n == 1 else f"{stem[:60]}_{n}" for n in count(1))
    taken = {session.name for session in others}
    return next(name for name in names if name not in taken)


def add_exchanges(draft: Draft) -> None:
    """A switch per IXP, a port per member, and a peering between every two members."""
    free = _free_blocks(draft)
    for name, spec in draft.topology.ixps.items():
        path = ("ixps", name)
        prefix = spec.prefix or next(free, PLACEHOLDER)
        hosts = max(prefix.num_addresses - 2, 0)
        if prefix == PLACEHOLDER:
            draft.report(f"{PUBLIC} has no free /{EXCHANGE_LENGTH} left for IXP '{name}'", *path)
        elif len(spec.members) > hosts:
            message = f"prefix too small: {prefix} holds {hosts} members, not {len(spec.members)}"
            draft.report(message, *path, "prefix", hint="widen it")
        switch = draft.add_switch(name, "ixp", prefix, path)
        switch.at = spec.at
        sides: list[Side] = []
        for entry in map(member_of, spec.members):
            router = draft.machines[str(router_at(draft.topology, name, entry))]
            port, _ = draft.connect(router, switch)
            if entry.wire:
                where = (*path, "members", len(sides), "wire")
                draft.wires[port.link].append((entry.wire, where))
            address = interface_of(prefix, len(sides) + 1)
            port.addresses.append(address)
            sides.append((draft.systems[entry.as_], router, address.ip))
        _peer_all(draft, name, sides)


def _free_blocks(draft: Draft) -> Iterator[IPv4Network]:
    """Prefixes for exchanges, from the top of the space that ASes are given from the bottom of."""
    taken = [*draft.reserved, *(system.prefix for system in draft.systems.values())]
    for block in list(PUBLIC.subnets(new_prefix=EXCHANGE_LENGTH))[::-1]:
        if not any(block.overlaps(prefix) for prefix in taken):
            yield block


def _peer_all(draft: Draft, exchange: str, sides: list[Side]) -> None:
    for number, a in enumerate(sides):
        for b in sides[number + 1 :]:
            # Whoever sells transit to a member does not give it away at the exchange.
            if a[0].relations.get(b[0].asn) in (None, "peer"):
                _add_session(draft, a, b, "peer", exchange)
