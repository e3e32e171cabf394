"""Nodes and links that the user draws by hand, beside what the sections bring."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

from orchestrator.compile.addressing import (
    BY_HAND,
    BY_HAND6,
    POINT_TO_POINT,
    Pool,
    Pools,
    interface_of,
)
from orchestrator.compile.draft import STUB_COST, Draft, Machine, Port, default_routes
from orchestrator.compile.systems import add_ospf_link, add_router
from orchestrator.errors import nearest
from orchestrator.plan.addresses import Prefix
from orchestrator.plan.routing import OspfPort
from orchestrator.plan.services import HostSettings
from orchestrator.spec.document import Path
from orchestrator.spec.model import LinkSpec

LONGEST_NAME = 15  # IFNAMSIZ of Linux, without its final NUL
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
# What every namespace has already: the loopback, and two names that mean more to sysctl.
_OCCUPIED = ("lo", "all", "default")


def add_nodes(draft: Draft) -> None:
    """Routers join the OSPF and iBGP of their AS; hosts start with nothing but their links."""
    for name, spec in draft.topology.nodes.items():
        path = ("nodes", name)
        if spec.role == "router":
            system = draft.systems[str(spec.as_)]
            machine = add_router(draft, system, name, path)
        else:
            machine = draft.add(name, spec.role, path)
            machine.asn = draft.systems[spec.as_].asn if spec.as_ else None
            machine.settings = HostSettings("", (), None, tuple(draft.topology.zones))
        machine.at = spec.at or (draft.topology.as_[spec.as_].at if spec.as_ else None)


def add_links(draft: Draft) -> None:
    """Links by hand: addresses as written, or a /31 of the AS they are in, or of 172.16.0.0/12."""
    pools = Pools(
        Pool(BY_HAND, draft.reserved, remedy="write 'addresses' for some links"),
        Pool(BY_HAND6, draft.reserved),
    )
    held: dict[IPv4Address, str] = {}
    for index, spec in enumerate(draft.topology.links):
        path = ("links", index)
        a, b = (_end(draft, end, _place(draft, index, n)) for n, end in enumerate(spec.ends))
        _refuse_addresses(draft, held, spec, path)
        if a is not None and a is b:
            draft.report(f"a link from '{a.name}' to itself", *path)
        elif a and b:
            names = [end.partition(":")[2] for end in spec.ends]
            ports = draft.connect(a, b, (names[0], names[1]))
            _number(draft, ports, spec, _pools_of(draft, a, b) or pools, path)
            draft.wires[ports[0].link].append((spec, path))
            _route(draft, a, b, ports)


def _place(draft: Draft, index: int, number: int) -> Path:
    """Where an end is written: a link may be a list of its ends, or a mapping that has one."""
    short = isinstance(draft.document.data["links"][index], list)
    return ("links", index, number) if short else ("links", index, "ends", number)


def _end(draft: Draft, written: str, path: Path) -> Machine | None:
    """The node at an end of a link; None, and a noted problem, where there can be none."""
    name, colon, interface = written.partition(":")
    machine, hint = draft.machines.get(name), ""
    if name in draft.switches:
        message = f"'{name}' is a switch, and a link by hand joins two nodes"
        hint = "list the node in the section that brings the switch"
    elif machine is None:
        message = f"there is no node '{name}' to link"
        hint = nearest(name, draft.machines, "see 'lab plan' for the nodes there are")
    elif len(interface) > LONGEST_NAME:
        message = f"interface name of {len(interface)} characters: '{interface}'"
        hint = f"Linux takes at most {LONGEST_NAME}"
    elif colon and not _INTERFACE.fullmatch(interface):
        message, hint = f"'{interface}' is not an interface name", f"write '{name}:eth1'"
    elif interface in _OCCUPIED:
        message, hint = f"an interface cannot be called '{interface}'", f"write '{name}:eth1'"
    elif interface in [port.name for port in machine.ports]:
        message, hint = f"'{written}' is taken", "choose another, or none"
    else:
        return machine
    draft.report(message, *path, hint=hint)
    return None


def _pools_of(draft: Draft, a: Machine, b: Machine) -> Pools | None:
    """The pools of the AS that a link is in: a host off a router can be reached from other ASes."""
    systems = {system.asn: system for system in draft.systems.values()}
    routers = [machine for machine in (a, b) if machine.routes_packets]
    if len(routers) == 1:
        return systems[routers[0].asn or 0].pools.services
    if routers and a.asn == b.asn:
        return systems[a.asn or 0].pools.links
    return None


def _number(
    draft: Draft, ports: tuple[Port, Port], spec: LinkSpec, pools: Pools, path: Path
) -> None:
    """Addresses of both families; those of IPv4 may be written."""
    lengths, what = POINT_TO_POINT, "this link"
    for number, port in enumerate(ports):
        if spec.addresses:
            port.addresses.append(spec.addresses[number])
    if not spec.addresses:
        _give(ports, draft.take4(pools.v4, lengths.v4, what, path))
    _give(ports, draft.take6(pools.v6, lengths.v6, what, path))


def _give(ports: tuple[Port, Port], prefix: Prefix) -> None:
    for number, port in enumerate(ports):
        port.addresses.append(interface_of(prefix, number))


def _refuse_addresses(
    draft: Draft, held: dict[IPv4Address, str], spec: LinkSpec, path: Path
) -> None:
    """Note addresses that cannot be. Pools keep clear of them, so only links can share one."""
    if spec.addresses and spec.addresses[0].network != spec.addresses[1].network:
        message = "{} and {} are not in one prefix".format(*spec.addresses)
        draft.report(message, *path, "addresses", 1, hint="the ends of a link share one")
    for number, address in enumerate(spec.addresses or ()):
        outer = (address.network.network_address, address.network.broadcast_address)
        if address.network.prefixlen < 31 and address.ip in outer:
            message = f"{address} is the first or last of its prefix, which no node can have"
            draft.report(message, *path, "addresses", number)
        if address.ip in held:
            message = f"address {address.ip} is already that of '{held[address.ip]}'"
            draft.report(message, *path, "addresses", number)
        held.setdefault(address.ip, spec.ends[number])


def _route(draft: Draft, a: Machine, b: Machine, ports: tuple[Port, Port]) -> None:
    """Within an AS the link joins OSPF; a host that hangs off a router routes through it."""
    if a.routes_packets and b.routes_packets and a.asn == b.asn:
        add_ospf_link(draft, a, b, ports[0].name, ports[1].name)
        return
    for router, port, other in ((a, ports[0], b), (b, ports[1], a)):
        if router.routes_packets and other.role == "host":
            draft.ospf[router.name].append(OspfPort(port.name, STUB_COST, stub=True))
            if not other.routes:
                other.routes += default_routes(port)
                _give_resolver(draft, other, router)


def _give_resolver(draft: Draft, host: Machine, router: Machine) -> None:
    """A host by hand asks the resolver of the AS it routes through, if that has one."""
    system = next(system for system in draft.systems.values() if system.asn == router.asn)
    if system.resolver is not None:
        zones = tuple(draft.topology.zones)
        host.settings = HostSettings("", (), system.resolver.address, zones)
