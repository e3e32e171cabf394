"""Autonomous systems: their prefixes, their routers, and the links between those."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from itertools import combinations, pairwise

from orchestrator.compile.addressing import (
    LOOPBACK,
    POINT_TO_POINT,
    PUBLIC,
    PUBLIC6,
    SYSTEM,
    Pool,
    Pools,
    SystemPools,
)
from orchestrator.compile.draft import Draft, Machine, System, distance_between
from orchestrator.compile.tiers import tiered_pairs
from orchestrator.plan.routing import Bfd, OspfPort
from orchestrator.spec.document import Path
from orchestrator.spec.lookups import listed_routers
from orchestrator.spec.routing import BfdSpec
from orchestrator.spec.systems import AsSpec

LONGEST_PREFIX = 24  # what the routers' import filters, as most of the Internet's, accept
LONGEST_PREFIX6 = 44  # the same is a /48, and a quarter of this still holds a thousand /56
LOOPBACK_NAME, LOOPBACK_COST = "lo", 0


def add_systems(draft: Draft) -> None:
    """Give each AS its prefixes, its routers with a loopback each, and its interior links."""
    pools = Pools(
        Pool(PUBLIC, draft.reserved, remedy="give some ASes a 'prefix' elsewhere"),
        Pool(PUBLIC6, draft.reserved, remedy="give some ASes a 'prefix6' elsewhere"),
    )
    for name, spec in draft.topology.as_.items():
        prefixes = _prefixes(draft, pools, name, spec)
        system = System(name, spec.asn, prefixes, SystemPools(*prefixes, draft.drawn))
        draft.systems[name] = system
        _add_routers(draft, system, spec)
        _add_interior(draft, system, spec)


def _prefixes(
    draft: Draft, pools: Pools, name: str, spec: AsSpec
) -> tuple[IPv4Network, IPv6Network]:
    path, what = ("as", name), f"AS '{name}'"
    v4 = spec.prefix or draft.take4(pools.v4, SYSTEM.v4, what, path)
    v6 = spec.prefix6 or draft.take6(pools.v6, SYSTEM.v6, what, path)
    if v4.prefixlen > LONGEST_PREFIX:
        message = f"prefix too small: other ASes would not accept {v4}"
        draft.report(message, *path, "prefix", hint=f"widen it to a /{LONGEST_PREFIX} or more")
        v4 = v4.supernet(new_prefix=LONGEST_PREFIX)
    if v6.prefixlen > LONGEST_PREFIX6:
        message = f"prefix too small: {v6} leaves no room for customers"
        draft.report(message, *path, "prefix6", hint=f"widen it to a /{LONGEST_PREFIX6} or more")
        v6 = v6.supernet(new_prefix=LONGEST_PREFIX6)
    return v4, v6


def _add_routers(draft: Draft, system: System, spec: AsSpec) -> None:
    for name in listed_routers(system.name, spec):
        router_spec = spec.routers.get(name)
        path = ("as", system.name, "routers", name) if router_spec else ("as", system.name)
        router = add_router(draft, system, name, path)
        router.at = (router_spec.at if router_spec else None) or spec.at


def add_router(draft: Draft, system: System, name: str, path: Path) -> Machine:
    """A router of an AS, with its loopback in OSPF."""
    router = draft.add(name, "router", path)
    router.asn = system.asn
    blocks = draft.take(system.pools.loopbacks, LOOPBACK, f"the loopback of '{name}'", path)
    router.loopbacks += [block.network_address for block in blocks]
    draft.ospf[name].append(OspfPort(LOOPBACK_NAME, LOOPBACK_COST, stub=True))
    system.routers.append(router)
    return router


def _add_interior(draft: Draft, system: System, spec: AsSpec) -> None:
    path = ("as", system.name)
    for a, b in _interior_pairs(system, spec):
        what = f"link {a.name}--{b.name}"
        prefixes = draft.take(system.pools.links, POINT_TO_POINT, what, path)
        ports = draft.wire(a, b, prefixes)
        add_ospf_link(draft, a, b, ports[0].name, ports[1].name)


def _interior_pairs(system: System, spec: AsSpec) -> list[tuple[Machine, Machine]]:
    routers, tiers = system.routers, {n: r.tier for n, r in spec.routers.items() if r.tier}
    shape = spec.interior or ("tiers" if tiers else "ring")
    if shape == "tiers":
        return tiered_pairs(routers, tiers)
    if shape == "mesh":
        return list(combinations(routers, 2))
    closing = [(routers[-1], routers[0])] if shape == "ring" and len(routers) > 2 else []
    return [*pairwise(routers), *closing]


def add_ospf_link(draft: Draft, a: Machine, b: Machine, port_a: str, port_b: str) -> None:
    """Make both ends of a link speak OSPF, at a cost that grows with the distance."""
    cost, bfd = max(10, round(distance_between(a, b) / 10)), _interior_bfd(draft, a)
    draft.ospf[a.name].append(OspfPort(port_a, cost, stub=False, bfd=bfd))
    draft.ospf[b.name].append(OspfPort(port_b, cost, stub=False, bfd=bfd))


def _interior_bfd(draft: Draft, router: Machine) -> Bfd | None:
    spec = next(s for s in draft.topology.as_.values() if s.asn == router.asn)
    return bfd_of(draft, spec.bfd)


def bfd_of(draft: Draft, *choices: BfdSpec | bool | None) -> Bfd | None:
    """BFD as the first choice that was made has it, else as the whole lab does."""
    said = [choice for choice in choices if choice is not None]
    chosen = said[0] if said else draft.topology.routing.bfd
    return Bfd(round(chosen.interval), chosen.multiplier) if isinstance(chosen, BfdSpec) else None


def refuse_islands(draft: Draft) -> None:
    """Every router of an AS must reach the others inside it, or iBGP never comes up."""
    for system in draft.systems.values():
        reached = _reached_from(draft, system.routers[0])
        for router in system.routers:
            if router.name not in reached:
                message = f"no link joins '{router.name}' to the other routers of '{system.name}'"
                draft.report(message, *router.path, hint="draw one under 'links'", at_key=True)


def _reached_from(draft: Draft, start: Machine) -> set[str]:
    """The routers of the same AS that can be reached from one without leaving it."""
    reached, waiting = {start.name}, [start.name]
    while waiting:
        here = waiting.pop()
        for port in draft.machines[here].ports:
            link = draft.links[port.link]
            there = (link.a if link.b.node == here else link.b).node
            machine = draft.machines.get(there)
            interior = machine and machine.routes_packets and machine.asn == start.asn
            if interior and there not in reached:
                reached.add(there)
                waiting.append(there)
    return reached
