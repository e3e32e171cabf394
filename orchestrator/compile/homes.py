"""Homes: a gateway with an address of the ISP's, a LAN of private ones, and DHCP between."""

from __future__ import annotations

from ipaddress import IPv4Network

from orchestrator.compile.addressing import HOMES, LAN_LENGTH, Pool
from orchestrator.compile.draft import Draft, Machine, interface_of
from orchestrator.plan.services import GatewaySettings, HostSettings, Lease
from orchestrator.spec.model import HomeSpec

GATEWAY_OFFSET, FIRST_LEASE = 1, 100


def add_homes(draft: Draft) -> None:
    """A gateway, a LAN switch and the hosts of every home. Needs the ISPs' resolvers."""
    pool = Pool(HOMES, reserved=[home.lan for home in draft.topology.homes.values() if home.lan])
    pool.take(LAN_LENGTH)  # 192.168.0.0/24 is what the user's own router has, most likely
    for name, spec in draft.topology.homes.items():
        lan = spec.lan or draft.take(pool, LAN_LENGTH, f"home '{name}'", ("homes", name))
        _add_home(draft, name, spec, lan)


def _add_home(draft: Draft, name: str, spec: HomeSpec, lan: IPv4Network) -> None:
    system = draft.systems[spec.isp]
    router = draft.machines[spec.router] if spec.router else system.routers[0]
    gateway = draft.add(f"{name}-gw", "gateway", ("homes", name))
    gateway.at = router.at
    draft.attach_server(gateway, system, router, port_name="wan")
    switch = draft.add_switch(f"{name}-lan", "lan", lan, ("homes", name))
    switch.at = router.at
    inside, _ = draft.connect(gateway, switch, ("lan", ""))
    inside.addresses.append(interface_of(lan, GATEWAY_OFFSET))
    assert system.resolver is not None
    leases = tuple(
        _add_host(draft, spec, index, switch, gateway) for index in range(len(spec.hosts))
    )
    gateway.settings = GatewaySettings(lan, inside.addresses[0].ip, leases, system.resolver.address)


def _add_host(draft: Draft, spec: HomeSpec, index: int, switch: Machine, gateway: Machine) -> Lease:
    assert switch.prefix is not None
    name = spec.hosts[index]
    host = draft.add(name, "host", (*gateway.path, "hosts", index), near=gateway)
    port, _ = draft.connect(host, switch)
    port.dhcp = True
    first = FIRST_LEASE if switch.prefix.num_addresses > 2 * FIRST_LEASE else GATEWAY_OFFSET + 1
    address = interface_of(switch.prefix, first + index).ip
    if address not in switch.prefix or address == switch.prefix.broadcast_address:
        message = f"prefix too small: {switch.prefix} has no address for '{name}'"
        draft.report(message, *gateway.path, "lan", hint="widen it")
    zones = tuple(draft.topology.zones)
    host.settings = HostSettings(gateway.name, address, None, zones)
    return Lease(name, port.mac, address)
