"""Homes: a gateway with an address of the ISP's, a LAN of private ones, and DHCP between."""

from __future__ import annotations

from ipaddress import IPv4Network

from orchestrator.compile.addressing import HOMES, LAN_LENGTH, Pool
from orchestrator.compile.draft import Draft, Machine, interface_of
from orchestrator.plan.services import GatewaySettings, HostSettings, Lease
from orchestrator.spec.document import Path
from orchestrator.spec.model import HomeSpec

GATEWAY_OFFSET, FIRST_LEASE = 1, 100
# What the user's own router has, most likely: a lab that has it too is confusing to read.
COMMONEST_LAN = IPv4Network("192.168.0.0/24")


def add_homes(draft: Draft) -> None:
    """A gateway, a LAN switch and the hosts of every home. Needs the ISPs' resolvers."""
    pool = Pool(HOMES, [*draft.reserved, COMMONEST_LAN], remedy="give some of them a 'lan'")
    for name, spec in draft.topology.homes.items():
        lan = spec.lan or draft.take(pool, LAN_LENGTH, f"home '{name}'", ("homes", name))
        _add_home(draft, name, spec, lan)


def _add_home(draft: Draft, name: str, spec: HomeSpec, lan: IPv4Network) -> None:
    system = draft.systems[spec.isp]
    router = draft.machines[spec.router] if spec.router else system.routers[0]
    gateway = draft.add(f"{name}-gw", "gateway", ("homes", name))
    gateway.at = spec.at or router.at
    line = draft.attach_server(gateway, system, router, port_name="wan").link
    if spec.access:
        draft.wires[line].append((spec.access, ("homes", name, "access")))
    switch = draft.add_switch(f"{name}-lan", "lan", lan, ("homes", name))
    switch.at = gateway.at
    inside, _ = draft.connect(gateway, switch, ("lan", ""))
    inside.addresses.append(interface_of(lan, GATEWAY_OFFSET))
    assert system.resolver is not None
    first = _first_lease(draft, lan, len(spec.hosts), gateway.path)
    leases = tuple(
        _add_host(draft, host, (*gateway.path, "hosts", index), switch, gateway, first + index)
        for index, host in enumerate(spec.hosts)
    )
    gateway.settings = GatewaySettings(lan, inside.addresses[0].ip, leases, system.resolver.address)


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
    assert switch.prefix is not None
    host = draft.add(name, "host", path, near=gateway)
    port, _ = draft.connect(host, switch)
    port.dhcp = True
    address = interface_of(switch.prefix, offset).ip
    host.settings = HostSettings(gateway.name, address, None, tuple(draft.topology.zones))
    return Lease(name, port.mac, address)
