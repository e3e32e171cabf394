"""Autonomous systems: their prefixes, their routers, and the links between those."""

from __future__ import annotations

from itertools import combinations, pairwise

from orchestrator.compile.addressing import PUBLIC, SYSTEM_LENGTH, Pool, SystemPools
from orchestrator.compile.draft import Draft, Machine, System, distance_between
from orchestrator.plan.services import OspfPort
from orchestrator.spec.check import router_names
from orchestrator.spec.model import AsSpec

LONGEST_PREFIX = 28
LOOPBACK = "lo"


def add_systems(draft: Draft) -> None:
    """Give each AS a prefix, its routers with a loopback each, and its interior links."""
    specs = draft.topology.as_
    explicit = [spec.prefix for spec in specs.values() if spec.prefix]
    explicit += [exchange.prefix for exchange in draft.topology.ixps.values() if exchange.prefix]
    pool = Pool(PUBLIC, reserved=explicit)
    for name, spec in specs.items():
        path = ("as", name)
        prefix = spec.prefix or draft.take(pool, SYSTEM_LENGTH, f"AS '{name}'", path)
        if prefix.prefixlen > LONGEST_PREFIX:
            message = f"prefix too small: {prefix} cannot hold an AS"
            draft.report(message, *path, "prefix", hint=f"at least a /{LONGEST_PREFIX}")
            prefix = prefix.supernet(new_prefix=LONGEST_PREFIX)
        system = System(name, spec.asn, prefix, SystemPools(prefix))
        draft.systems[name] = system
        _add_routers(draft, system, spec)
        _add_interior(draft, system, spec.interior)
    _refuse_overlaps(draft)


def _add_routers(draft: Draft, system: System, spec: AsSpec) -> None:
    for name in router_names(system.name, spec):
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


def _refuse_overlaps(draft: Draft) -> None:
    for a, b in combinations(draft.systems.values(), 2):
        if a.prefix.overlaps(b.prefix):
            message = f"prefix {b.prefix} of '{b.name}' overlaps {a.prefix} of '{a.name}'"
            draft.report(message, "as", b.name, "prefix")
