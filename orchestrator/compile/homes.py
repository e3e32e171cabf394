"""Homes: a gateway that asks the ISP for its addresses, a LAN, and hosts that ask the gateway."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from orchestrator.compile.addressing import (
    DELEGATED_LENGTH,
    HOMES,
    LAN,
    LINE,
    Pair,
    Pool,
    interface_of,
)
from orchestrator.compile.draft import STUB_COST, Draft, Machine, Port, System
from orchestrator.plan.addresses import Address, eui64
from orchestrator.plan.model import LAN_SWITCH
from orchestrator.plan.routing import AccessLine, OspfPort
from orchestrator.plan.services import GatewaySettings, HostSettings, Lease
from orchestrator.spec.document import Path
from orchestrator.spec.services import HomeSpec

GATEWAY_OFFSET, FIRST_LEASE = 1, 100
# What the user's own router has, most likely: a lab that has it too is confusing to read.
COMMONEST_LAN = IPv4Network("192.168.0.0/24")


def add_homes(draft: Draft) -> None:
    """A gateway, a LAN switch and the hosts of every home. Needs the resolvers."""
    pool = Pool(HOMES, [*draft.reserved, COMMONEST_LAN], remedy="give some of them a 'lan'")
    for name, spec in draft.topology.homes.items():
        lan = spec.lan or draft.take4(pool, LAN.v4, f"home '{name}'", ("homes", name))
        _add_home(draft, name, spec, lan)


def _add_home(draft: Draft, name: str, spec: HomeSpec, lan: IPv4Network) -> None:
    system, path = draft.systems[spec.isp], ("homes", name)
    router = draft.machines[spec.router] if spec.router else system.routers[0]
    gateway = draft.add(f"{name}-gw", "gateway", path)
    gateway.at = spec.at or router.at
    line = _add_line(draft, system, router, gateway, spec)
    lan6 = next(line.delegated.subnets(new_prefix=LAN.v6))
    switch = draft.add_switch(f"{name}-lan", LAN_SWITCH, (lan, lan6), path)
    switch.at = gateway.at
    inside, _ = draft.connect(gateway, switch, ("lan", ""))
    address = interface_of(lan, GATEWAY_OFFSET)
    # The address of the other family is the gateway's to set, once it has a prefix for it.
    inside.addresses.append(address)
    leases = _add_hosts(draft, spec, gateway, switch, (lan, lan6))
    gateway.settings = GatewaySettings(
        lan,
        IPv4Address(address.ip),
        lan6,
        lan6[GATEWAY_OFFSET],
        leases,
        _resolver_of(draft, spec),
        line.address.ip,
        line.address6.ip,
        line.delegated,
    )


def _resolver_of(draft: Draft, spec: HomeSpec) -> tuple[Address, ...]:
    """Whom the gateway asks: the ISP's resolver, or the public one that the home prefers."""
    if spec.resolver is not None:
        return draft.anycast[spec.resolver].addresses
    resolver = draft.systems[spec.isp].resolver
    assert resolver is not None
    return resolver.addresses


def _add_line(
    draft: Draft, system: System, router: Machine, gateway: Machine, spec: HomeSpec
) -> AccessLine:
    """The line to the ISP: its router has addresses, and gives the gateway its own by DHCP."""
    router.role = "access"
    what = f"the line of '{gateway.name}'"
    v4, v6 = draft.take(system.pools.services, LINE, what, gateway.path)
    delegated = draft.take6(system.pools.delegated, DELEGATED_LENGTH, what, gateway.path)
    port, wan = draft.connect(router, gateway, ("", "wan"))
    wan.dhcp = True
    port.addresses += [interface_of(v4, 0), interface_of(v6, 1)]
    if spec.access:
        draft.wires[port.link].append((spec.access, (*gateway.path, "access")))
    draft.ospf[router.name].append(OspfPort(port.name, STUB_COST, stub=True))
    line = _line(port, wan, gateway, (v4, v6), delegated)
    draft.lines[router.name].append(line)
    return line


def _line(
    port: Port, wan: Port, gateway: Machine, prefixes: Pair, delegated: IPv6Network
) -> AccessLine:
    v4, v6 = prefixes
    return AccessLine(
        port.name,
        gateway.name,
        wan.mac,
        IPv4Interface((v4[-1], v4.prefixlen)),
        v4[0],
        IPv6Interface((v6[2], v6.prefixlen)),
        delegated,
    )


def _add_hosts(
    draft: Draft, spec: HomeSpec, gateway: Machine, switch: Machine, prefixes: Pair
) -> tuple[Lease, ...]:
    first = _first_lease(draft, prefixes[0], len(spec.hosts), gateway.path)
    return tuple(
        _add_host(draft, host, (*gateway.path, "hosts", index), switch, gateway, first + index)
        for index, host in enumerate(spec.hosts)
    )


def _first_lease(draft: Draft, lan: IPv4Network, hosts: int, path: Path) -> int:
    """Where the leases start: at .100 as home routers have it, or behind the gateway."""
    last = lan.num_addresses - 2
    if last < GATEWAY_OFFSET + hosts:
        room = max(last - GATEWAY_OFFSET, 0)
        message = f"prefix too small: {lan} holds {room} hosts beside the gateway, not {hosts}"
        draft.report(message, *path, "lan", hint="write a wider 'lan'")
    return FIRST_LEASE if last >= FIRST_LEASE + hosts - 1 else GATEWAY_OFFSET + 1


def _add_host(
    draft: Draft, name: str, path: Path, switch: Machine, gateway: Machine, offset: int
) -> Lease:
    host = draft.add(name, "host", path, near=gateway)
    port, _ = draft.connect(host, switch)
    port.dhcp = True
    lan, lan6 = switch.prefixes
    address, address6 = interface_of(lan, offset).ip, eui64(IPv6Network(lan6), port.mac)
    assert isinstance(address, IPv4Address)
    zones = tuple(draft.topology.zones)
    host.settings = HostSettings(gateway.name, (address, address6), None, zones)
    return Lease(name, port.mac, address, address6)
