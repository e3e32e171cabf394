"""Who buys transit from whom, who peers with whom, and over which link or exchange."""

from __future__ import annotations

from ipaddress import IPv4Address

from orchestrator.compile.addressing import EXCHANGE_LENGTH, PUBLIC
from orchestrator.compile.draft import Draft, Machine, System, distance_between, interface_of
from orchestrator.plan.services import BgpSession, Relation
from orchestrator.spec.check import member_of, relation_of, router_at
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
            # A peering is one link, even where both sides write it down.
            if draft.systems[relation_of(entry).as_].asn not in draft.systems[name].relations:
                path = ("as", name, "peers", index)
                _add_relation(draft, draft.systems[name], relation_of(entry), "peer", path)


def _add_relation(
    draft: Draft, ours: System, spec: RelationSpec, relation: Relation, path: tuple[str | int, ...]
) -> None:
    theirs = draft.systems[spec.as_]
    here, there = _meeting_routers(ours, theirs, spec)
    # Providers number their customers' links; between peers the lower ASN does.
    numbering = theirs if relation == "provider" or theirs.asn < ours.asn else ours
    prefix = draft.take(numbering.pools.links, 31, f"link {here.name}--{there.name}", path)
    ports = draft.wire(here, there, prefix)
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
        name = f"{via}_{neighbour.name}".replace("-", "_")
        taken = [session.name for session in draft.sessions[router.name]]
        draft.sessions[router.name].append(
            BgpSession(
                name if name not in taken else f"{name}_{len(taken)}",
                kind,
                address,
                remote,
                other.asn,
                neighbour.name,
            )
        )


def add_exchanges(draft: Draft) -> None:
    """A switch per IXP, a port per member, and a peering between every two members."""
    blocks = list(PUBLIC.subnets(new_prefix=EXCHANGE_LENGTH))[::-1]
    for number, (name, spec) in enumerate(draft.topology.ixps.items()):
        prefix = spec.prefix or blocks[number]
        switch = draft.add_switch(name, "ixp", prefix, ("ixps", name))
        switch.at = spec.at
        sides: list[Side] = []
        for entry in map(member_of, spec.members):
            router = draft.machines[str(router_at(draft.topology, name, entry))]
            port, _ = draft.connect(router, switch)
            address = interface_of(prefix, len(sides) + 1)
            _refuse_full(draft, name, address.ip)
            port.addresses.append(address)
            sides.append((draft.systems[entry.as_], router, address.ip))
        _peer_all(draft, name, sides)


def _refuse_full(draft: Draft, name: str, address: IPv4Address) -> None:
    prefix = draft.switches[name].prefix
    if prefix is None or address not in prefix or address == prefix.broadcast_address:
        message = f"prefix too small: {prefix} of '{name}' holds no more members"
        draft.report(message, "ixps", name, "prefix")


def _peer_all(draft: Draft, exchange: str, sides: list[Side]) -> None:
    for number, a in enumerate(sides):
        for b in sides[number + 1 :]:
            # Whoever sells transit to a member does not give it away at the exchange.
            if a[0].relations.get(b[0].asn) in (None, "peer"):
                _add_session(draft, a, b, "peer", exchange)
