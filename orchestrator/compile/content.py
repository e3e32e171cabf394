"""Where content comes from: data centres with the shop in them, and the CDN in front."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

from orchestrator.compile.addressing import DATACENTERS, DATACENTERS6, LAN, Pair, Pool, interface_of
from orchestrator.compile.anycast import add_service
from orchestrator.compile.draft import Draft, Machine
from orchestrator.plan.model import LAN_SWITCH, CertRequest
from orchestrator.plan.services import (
    AppSettings,
    Backend,
    BalancerSettings,
    DatabaseSettings,
    EdgeSettings,
    Site,
    WebSettings,
)
from orchestrator.spec.document import Path
from orchestrator.spec.services import CdnSpec, DatacenterSpec

WEB_PORT, APP_PORT = 80, 8080
CERTIFICATE = "site"


def add_datacenters(draft: Draft) -> dict[str, Machine]:
    """A balancer with a public address, and behind it a LAN that the Internet cannot reach.

    Returns the balancer of each data centre.
    """
    pool = Pool(DATACENTERS, draft.reserved, remedy="give some of them a 'lan'")
    pool6 = Pool(DATACENTERS6, draft.reserved)
    balancers = {}
    for name, spec in draft.topology.datacenters.items():
        path = ("datacenters", name)
        what = f"datacenter '{name}'"
        lan = spec.lan or draft.take4(pool, LAN.v4, what, path)
        lan6 = draft.take6(pool6, LAN.v6, what, path)
        _refuse_full(draft, lan, 2 + spec.web + spec.apps, path)
        balancers[name] = _add_datacenter(draft, name, spec, (lan, lan6))
    return balancers


def _refuse_full(draft: Draft, lan: IPv4Network, servers: int, path: Path) -> None:
    room = max(lan.num_addresses - 2, 0)
    if servers > room:
        message = f"prefix too small: {lan} holds {room} servers, not {servers}"
        draft.report(message, *path, "lan", hint="widen it")


def _add_datacenter(draft: Draft, name: str, spec: DatacenterSpec, lan: Pair) -> Machine:
    system, path = draft.systems[spec.as_], ("datacenters", name)
    router = draft.machines[spec.router] if spec.router else system.middle()
    balancer = draft.add(f"{name}-lb", "balancer", path, near=router)
    draft.attach_server(balancer, system, router)
    switch = draft.add_switch(f"{name}-lan", LAN_SWITCH, lan, path)
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
    return balancer


def _inside(draft: Draft, name: str, role: str, switch: Machine) -> Machine:
    machine = draft.add(name, role, switch.path, near=switch)
    _join(draft, machine, switch)
    return machine


def _join(draft: Draft, machine: Machine, switch: Machine) -> None:
    port, _ = draft.connect(machine, switch)
    port.addresses += [interface_of(prefix, len(switch.ports)) for prefix in switch.prefixes]


def _backends(machines: list[Machine], port: int) -> tuple[Backend, ...]:
    return tuple(Backend(machine.name, machine.address, port) for machine in machines)


def add_edges(draft: Draft, balancers: Mapping[str, Machine]) -> None:
    """A cache at each router the CDN names, with a certificate for the sites it fronts."""
    for name, spec in draft.topology.cdns.items():
        sites = tuple(
            Site(host, balancers[site.origin].address)
            for host, site in draft.topology.sites.items()
            if site.cdn == name
        )
        machines = [_add_edge(draft, name, edge, spec, sites) for edge in spec.edges]
        if spec.steering == "anycast":
            add_service(draft, name, draft.systems[spec.as_], machines, ("cdns", name))


def _add_edge(
    draft: Draft, name: str, edge: str, spec: CdnSpec, sites: tuple[Site, ...]
) -> Machine:
    router = draft.machines[spec.edges[edge]]
    machine = draft.add(edge, "edge", ("cdns", name, "edges", edge), near=router)
    draft.attach_server(machine, draft.systems[spec.as_], router)
    machine.settings = EdgeSettings(sites)
    if sites:
        hosts = tuple(site.host for site in sites)
        draft.certificates.append(CertRequest(edge, CERTIFICATE, hosts))
    return machine
