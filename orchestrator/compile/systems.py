"""Autonomous systems: their prefixes, their routers, and the links between those."""

from __future__ import annotations

from itertools import combinations, pairwise

from orchestrator.compile.addressing import PUBLIC, SYSTEM_LENGTH, Pool, SystemPools
from orchestrator.compile.draft import Draft, Machine, System, distance_between
from orchestrator.plan.services import OspfPort
from orchestrator.spec.lookups import listed_routers
from orchestrator.spec.model import AsSpec

LONGEST_PREFIX = 24  # what the routers' import filters, as most of the Internet's, accept
LOOPBACK = "lo"


def add_systems(draft: Draft) -> None:
    """Give each AS a prefix, its routers with a loopback each, and its interior links."""
    pool = Pool(PUBLIC, draft.reserved, remedy="give some ASes a 'prefix' elsewhere")
    for name, spec in draft.topology.as_.items():
        path = ("as", name)
        prefix = spec.prefix or draft.take(pool, SYSTEM_LENGTH, f"AS '{name}'", path)
        if prefix.prefixlen > LONGEST_PREFIX:
            message = f"prefix too small: other ASes would not accept {prefix}"
            draft.report(message, *path, "prefix", hint=f"widen it to a /{LONGEST_PREFIX} or more")
            prefix = prefix.supernet(new_prefix=LONGEST_PREFIX)
        system = System(name, spec.asn, prefix, SystemPools(prefix, draft.drawn))
        draft.systems[name] = system
        _add_routers(draft, system, spec)
        _add_interior(draft, system, spec.interior)


def _add_routers(draft: Draft, system: System, spec: AsSpec) -> None:
    for name in listed_routers(system.name, spec):
        router_spec = spec.routers.get(name)
        path = ("as", system.name, "routers", name) if router_spec else ("as", system.name)
        router = add_router(draft, system, name, path)
        router.at = (router_spec.at if router_spec else None) or spec.at


def add_router(draft: Draft, system: System, name: str, path: tuple[str | int, ...]) -> Machine:
    """A router of an AS, with its loopback in OSPF."""
    router = draft.add(name, "router", path)
    router.asn = system.asn
    block = draft.take(system.pools.loopbacks, 32, f"the loopback of '{name}'", path)
    router.loopback = block.network_address
    draft.ospf[name].append(OspfPort(LOOPBACK, 0, stub=True))
    system.routers.append(router)
    return router


def _add_interior(draft: Draft, system: System, shape: str) -> None:
    routers = system.routers
    pairs = list(combinations(routers, 2)) if shape == "mesh" else list(pairwise(routers))
    if shape == "ring" and len(routers) > 2:
        pairs.append((routers[-1], routers[0]))
    for a, b in pairs:
        prefix = draft.take(system.pools.links, 31, f"link {a.name}--{b.name}", ("as", system.name))
        add_ospf_link(draft, a, b, *(port.name for port in draft.wire(a, b, prefix)))


def add_ospf_link(draft: Draft, a: Machine, b: Machine, port_a: str, port_b: str) -> None:
    """Make both ends of a link speak OSPF, at a cost that grows with the distance."""
    cost = max(10, round(distance_between(a, b) / 10))
    draft.ospf[a.name].append(OspfPort(port_a, cost, stub=False))
    draft.ospf[b.name].append(OspfPort(port_b, cost, stub=False))


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
            interior = machine and machine.role == "router" and machine.asn == start.asn
            if interior and there not in reached:
                reached.add(there)
                waiting.append(there)
    return reached
