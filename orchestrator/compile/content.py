"""Where content comes from: data centres with the shop in them, and the CDN in front."""

from __future__ import annotations

from ipaddress import IPv4Network

from orchestrator.compile.addressing import DATACENTERS, LAN_LENGTH, Pool
from orchestrator.compile.draft import Draft, Machine, interface_of
from orchestrator.plan.model import CertRequest
from orchestrator.plan.services import (
    AppSettings,
    Backend,
    BalancerSettings,
    DatabaseSettings,
    EdgeSettings,
    Site,
    WebSettings,
)
from orchestrator.spec.model import DatacenterSpec

WEB_PORT, APP_PORT = 80, 8080
CERTIFICATE = "site"


def add_datacenters(draft: Draft) -> None:
    """A balancer with a public address, and behind it a LAN that the Internet cannot reach."""
    explicit = [spec.lan for spec in draft.topology.datacenters.values() if spec.lan]
    pool = Pool(DATACENTERS, reserved=explicit)
    for name, spec in draft.topology.datacenters.items():
        path = ("datacenters", name)
        lan = spec.lan or draft.take(pool, LAN_LENGTH, f"datacenter '{name}'", path)
        _add_datacenter(draft, name, spec, lan)


def _add_datacenter(draft: Draft, name: str, spec: DatacenterSpec, lan: IPv4Network) -> None:
    system, path = draft.systems[spec.as_], ("datacenters", name)
    router = draft.machines[spec.router] if spec.router else system.middle()
    balancer = draft.add(f"{name}-lb", "balancer", path, near=router)
    draft.attach_server(balancer, system, router)
    switch = draft.add_switch(f"{name}-lan", "lan", lan, path)
    switch.at = router.at
    _join(draft, balancer, switch)
    web = [_inside(draft, f"{name}-web{i}", "web", switch) for i in range(1, spec.web + 1)]
    apps = [_inside(draft, f"{name}-app{i}", "app", switch) for i in range(1, spec.apps + 1)]
    database = _inside(draft, f"{name}-db", "database", switch)
    for machine in web:
        machine.settings = WebSettings()
    for machine in apps:
        machine.settings = AppSettings(database.address)
    database.settings = DatabaseSettings(tuple(machine.address for machine in apps))
    direct = tuple(h for h, s in draft.topology.sites.items() if s.origin == name and not s.cdn)
    backends = _backends(web, WEB_PORT), _backends(apps, APP_PORT)
    balancer.settings = BalancerSettings(*backends, tls_hosts=direct)
    if direct:
        draft.certificates.append(CertRequest(balancer.name, CERTIFICATE, direct))


def _inside(draft: Draft, name: str, role: str, switch: Machine) -> Machine:
    machine = draft.add(name, role, switch.path, near=switch)
    _join(draft, machine, switch)
    return machine


def _join(draft: Draft, machine: Machine, switch: Machine) -> None:
    assert switch.prefix is not None
    port, _ = draft.connect(machine, switch)
    address = interface_of(switch.prefix, len(switch.ports))
    if address.ip not in switch.prefix or address.ip == switch.prefix.broadcast_address:
        message = f"prefix too small: {switch.prefix} has no address for '{machine.name}'"
        draft.report(message, *switch.path, "lan", hint="widen it")
    port.addresses.append(address)


def _backends(machines: list[Machine], port: int) -> tuple[Backend, ...]:
    return tuple(Backend(machine.name, machine.address, port) for machine in machines)


def add_edges(draft: Draft) -> None:
    """A cache at each router the CDN names, with a certificate for the sites it fronts."""
    for name, spec in draft.topology.cdns.items():
        sites = tuple(
            Site(host, draft.machines[f"{site.origin}-lb"].address)
            for host, site in draft.topology.sites.items()
            if site.cdn == name
        )
        for edge, router_name in spec.edges.items():
            router = draft.machines[router_name]
            machine = draft.add(edge, "edge", ("cdns", name, "edges", edge), near=router)
            draft.attach_server(machine, draft.systems[spec.as_], router)
            machine.settings = EdgeSettings(sites)
            if sites:
                hosts = tuple(site.host for site in sites)
                draft.certificates.append(CertRequest(edge, CERTIFICATE, hosts))
