"""Internet exchange points: a switch, a port per member, a route server, and who peers there."""

from __future__ import annotations

from itertools import combinations

from orchestrator.compile.addressing import EXCHANGE, Pair, interface_of
from orchestrator.compile.draft import Draft, Machine
from orchestrator.compile.relations import relate, timers_of
from orchestrator.compile.sessions import Side, add_sessions, policy_of
from orchestrator.plan.model import IXP_SWITCH
from orchestrator.spec.document import Path
from orchestrator.spec.lookups import member_of, peering_of, relation_of, router_at
from orchestrator.spec.routing import PolicySpec
from orchestrator.spec.systems import IxpSpec, MemberSpec, RelationSpec

# Route servers that are given no ASN have the last private ones, going down (RFC 6996).
LAST_PRIVATE_ASN = 65534

Member = tuple[MemberSpec, Side]


def add_ixps(draft: Draft) -> None:
    """Every exchange of the topology, with its members' ports and sessions."""
    for name, spec in draft.topology.ixps.items():
        path = ("ixps", name)
        prefixes = _prefixes(draft, name, spec, path)
        switch = draft.add_switch(name, IXP_SWITCH, prefixes, path)
        switch.at = spec.at
        members = [
            (member, _join(draft, switch, member, index))
            for index, member in enumerate(map(member_of, spec.members))
        ]
        for a, b in combinations(members, 2):
            _peer(draft, name, a, b)
        if spec.route_server is not False:
            _add_route_server(draft, switch, spec, members)


def _prefixes(draft: Draft, name: str, spec: IxpSpec, path: Path) -> Pair:
    what, pools = f"IXP '{name}'", draft.shared
    v4 = spec.prefix or draft.take4(pools.v4, EXCHANGE.v4, what, path)
    v6 = spec.prefix6 or draft.take6(pools.v6, EXCHANGE.v6, what, path)
    hosts = max(v4.num_addresses - 2, 0) - (spec.route_server is not False)
    if len(spec.members) > hosts:
        message = f"prefix too small: {v4} holds {hosts} members, not {len(spec.members)}"
        draft.report(message, *path, "prefix", hint="widen it")
    if v6.prefixlen > EXCHANGE.v6:
        message = f"prefix too small: {v6} is no prefix for a LAN"
        draft.report(message, *path, "prefix6", hint=f"widen it to a /{EXCHANGE.v6} (RFC 7421)")
    return v4, v6


def _join(draft: Draft, switch: Machine, member: MemberSpec, index: int) -> Side:
    """A port of the member's router on the IXP's LAN."""
    router = draft.machines[str(router_at(draft.topology, switch.name, member))]
    port, _ = draft.connect(router, switch)
    if member.wire:
        where = (*switch.path, "members", index, "wire")
        draft.wires[port.link].append((member.wire, where))
    port.addresses += [interface_of(prefix, index + 1) for prefix in switch.prefixes]
    addresses = tuple(entry.ip for entry in port.addresses)
    asn = draft.systems[member.as_].asn
    return Side(router, asn, addresses, policy_of(member.policy))


def _peer(draft: Draft, ixp: str, a: Member, b: Member) -> None:
    """A bilateral session of two members, if that is how both peer or one of them says so."""
    ours, theirs = draft.systems[a[0].as_], draft.systems[b[0].as_]
    # Whoever sells transit to a member does not give it away at the IXP.
    if ours.relations.get(theirs.asn) not in (None, "peer"):
        return
    agreed = _agreement(draft, ixp, a[0].as_, b[0].as_)
    if agreed is not None:
        spec, mine, other = agreed
        sides = _with_policy(a[1], mine), _with_policy(b[1], other)
        timers = timers_of(draft, spec, a[0], b[0])
    elif all(_is_bilateral(draft, ixp, member) for member in (a[0], b[0])):
        sides, timers = (a[1], b[1]), timers_of(draft, a[0], b[0])
    else:
        return
    relate(ours, theirs, "peer")
    add_sessions(draft, *sides, ("peer", "peer"), _via(ixp), timers)


def _via(ixp: str) -> str:
    """How sessions over an IXP begin; no other symbol in BIRD's files does."""
    return f"at_{ixp}"


def _is_bilateral(draft: Draft, ixp: str, member: MemberSpec) -> bool:
    return peering_of(draft.topology, ixp, member) != "route-server"


def _with_policy(side: Side, spec: PolicySpec) -> Side:
    return Side(side.machine, side.asn, side.addresses, policy_of(spec))


def _agreement(
    draft: Draft, ixp: str, a: str, b: str
) -> tuple[RelationSpec, PolicySpec, PolicySpec] | None:
    """A peering of two ASes that is written as being over this IXP, with both policies."""
    for name, other in ((a, b), (b, a)):
        for spec in map(relation_of, draft.topology.as_[name].peers):
            if (spec.as_, spec.via) == (other, ixp):
                both = (spec.policy, spec.theirs)
                return (spec, *both) if name == a else (spec, *both[::-1])
    return None


def _add_route_server(draft: Draft, switch: Machine, spec: IxpSpec, members: list[Member]) -> None:
    server = draft.add(f"{switch.name}-rs", "routeserver", (*switch.path, "route_server"))
    server.at, server.asn = switch.at, _route_server_asn(draft, spec)
    port, _ = draft.connect(server, switch)
    offset = switch.prefixes[0].num_addresses - 2
    port.addresses += [interface_of(prefix, offset) for prefix in switch.prefixes]
    side = Side(server, server.asn, tuple(entry.ip for entry in port.addresses))
    clients = [m for m in members if peering_of(draft.topology, switch.name, m[0]) != "bilateral"]
    for member, theirs in clients:
        timers = timers_of(draft, member)
        add_sessions(draft, side, theirs, ("member", "peer"), _via(switch.name), timers)
    for a, b in combinations([member for member, _ in clients], 2):
        ours, other = draft.systems[a.as_], draft.systems[b.as_]
        if ours.relations.get(other.asn) is None:
            relate(ours, other, "peer")


def _route_server_asn(draft: Draft, spec: IxpSpec) -> int:
    if spec.route_server is not False and spec.route_server.asn is not None:
        return spec.route_server.asn
    taken = {system.asn for system in draft.systems.values()}
    taken |= {m.asn for m in draft.machines.values() if m.role == "routeserver" and m.asn}
    written = [s.route_server for s in draft.topology.ixps.values()]
    taken |= {server.asn for server in written if server is not False and server.asn}
    return next(asn for asn in range(LAST_PRIVATE_ASN, 0, -1) if asn not in taken)
