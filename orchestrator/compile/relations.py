"""Who buys transit from whom, and who peers with whom, over a link or an exchange."""

from __future__ import annotations

from orchestrator.compile.addressing import POINT_TO_POINT
from orchestrator.compile.draft import Draft, Machine, System, distance_between
from orchestrator.compile.sessions import OPPOSITE, Side, Timers, add_sessions, policy_of
from orchestrator.compile.systems import bfd_of
from orchestrator.plan.addresses import Address
from orchestrator.plan.routing import Relation
from orchestrator.spec.document import Path
from orchestrator.spec.lookups import relation_of
from orchestrator.spec.routing import SessionSpec
from orchestrator.spec.systems import RelationSpec


def add_relations(draft: Draft) -> None:
    """A link and BGP sessions for every provider and peer that the topology names."""
    for name, spec in draft.topology.as_.items():
        for index, entry in enumerate(map(relation_of, spec.providers)):
            path = ("as", name, "providers", index)
            _add_relation(draft, draft.systems[name], entry, "provider", path)
        for index, entry in enumerate(map(relation_of, spec.peers)):
            path = ("as", name, "peers", index)
            if entry.via is not None:
                continue  # over an exchange: exchanges.py
            if _is_written_before(draft, name, entry):
                _refuse_second_half(draft, entry, path)
            else:
                _add_relation(draft, draft.systems[name], entry, "peer", path)


def _refuse_second_half(draft: Draft, entry: RelationSpec, path: Path) -> None:
    # Our policy is theirs as they see it, and the other way round.
    turned = {"policy": "theirs", "theirs": "policy"}
    for key in ("wire", "policy", "theirs", "bfd", "hold"):
        if key in entry.model_fields_set:
            message = f"'{entry.as_}' has this peering already"
            draft.report(message, *path, key, hint=f"write '{turned.get(key, key)}' there")


def _is_written_before(draft: Draft, name: str, peering: RelationSpec) -> bool:
    """Whether the other side has this peering too, further up: both then mean one link."""
    specs = draft.topology.as_
    order = list(specs)
    if order.index(peering.as_) > order.index(name):
        return False
    return any(
        theirs.as_ == name
        and theirs.via is None
        and (None in (theirs.there, peering.here) or theirs.there == peering.here)
        and (None in (theirs.here, peering.there) or theirs.here == peering.there)
        for theirs in map(relation_of, specs[peering.as_].peers)
    )


def _add_relation(
    draft: Draft, ours: System, spec: RelationSpec, relation: Relation, path: Path
) -> None:
    theirs = draft.systems[spec.as_]
    here, there = _meeting_routers(ours, theirs, spec)
    # Providers number their customers' links; between peers the lower ASN does.
    numbering = theirs if relation == "provider" or theirs.asn < ours.asn else ours
    what = f"link {here.name}--{there.name}"
    prefixes = draft.take(numbering.pools.links, POINT_TO_POINT, what, path)
    ports = draft.wire(here, there, prefixes)
    if spec.wire:
        draft.wires[ports[0].link].append((spec.wire, (*path, "wire")))
    addresses: list[tuple[Address, ...]] = [tuple(e.ip for e in p.addresses) for p in ports]
    relate(ours, theirs, relation)
    add_sessions(
        draft,
        Side(here, ours.asn, addresses[0], policy_of(spec.policy)),
        Side(there, theirs.asn, addresses[1], policy_of(spec.theirs)),
        (relation, OPPOSITE[relation]),
        "to",
        timers_of(draft, spec),
    )


def relate(ours: System, theirs: System, relation: Relation) -> None:
    """Note what two ASes are to each other."""
    ours.relations[theirs.asn] = relation
    theirs.relations[ours.asn] = OPPOSITE[relation]


def timers_of(draft: Draft, *specs: SessionSpec) -> Timers:
    """The timers of a session: as its sides say, else as the whole lab has them."""
    hold = next((s.hold for s in specs if s.hold is not None), draft.topology.routing.hold)
    return Timers(bfd_of(draft, *(spec.bfd for spec in specs)), hold)


def _meeting_routers(ours: System, theirs: System, spec: RelationSpec) -> tuple[Machine, Machine]:
    pairs = [
        (here, there)
        for here in ours.routers
        for there in theirs.routers
        if spec.here in (None, here.name) and spec.there in (None, there.name)
    ]
    return min(pairs, key=lambda pair: distance_between(*pair))
