"""The tree of names: root, top-level domains, zones, and a resolver in each ISP that has homes."""

from __future__ import annotations

from orchestrator.compile.draft import Draft, Machine, System
from orchestrator.plan.services import ResolverSettings, RootHint
from orchestrator.spec.document import Path
from orchestrator.spec.lookups import implied_tlds
from orchestrator.spec.model import ServersSpec


def add_name_servers(draft: Draft) -> dict[str, list[Machine]]:
    """The servers of every zone, by zone name ("" is the root). One server may serve several."""
    topology = draft.topology
    if topology.dns is None:
        return {}
    servers = {"": _servers(draft, topology.dns.root, "root", ("dns", "root"))}
    for tld, zone in implied_tlds(topology).items():
        servers[tld] = _servers(draft, ServersSpec(), f"tld-{tld}", ("zones", zone))
    for tld, spec in topology.dns.tlds.items():
        servers[tld] = _servers(draft, spec, f"tld-{tld}", ("dns", "tlds", tld))
    for number, (zone, zone_spec) in enumerate(topology.zones.items()):
        stem = "ns" if number == 0 else zone.replace(".", "-") + "-ns"
        servers[zone] = _servers(draft, zone_spec, stem, ("zones", zone))
    return servers


def _servers(draft: Draft, spec: ServersSpec, stem: str, path: Path) -> list[Machine]:
    assert draft.topology.dns is not None
    system = draft.systems[spec.as_ or draft.topology.dns.as_ or ""]
    if isinstance(spec.servers, int):
        names = _numbered(stem, spec.servers)
        return [_server(draft, system, name, path, index) for index, name in enumerate(names)]
    return [
        _server(draft, system, name, (*path, "servers", index), index)
        for index, name in enumerate(spec.servers)
    ]


def _numbered(stem: str, count: int) -> list[str]:
    return [stem] if count == 1 else [f"{stem}{number}" for number in range(1, count + 1)]


def _server(draft: Draft, system: System, name: str, path: Path, index: int) -> Machine:
    known = draft.machines.get(name)
    if known is not None and known.role == "nameserver":
        if known.asn != system.asn:
            message = f"name server '{name}' cannot be in '{system.name}': it is in AS {known.asn}"
            draft.report(message, *path, hint="give one of the two another name")
        return known
    router = system.routers[index % len(system.routers)]
    server = draft.add(name, "nameserver", path, near=router)
    draft.attach_server(server, system, router)
    return server


def add_resolvers(draft: Draft) -> None:
    """A recursive resolver in each AS that has homes, or asks for one."""
    eyeballs = {home.isp for home in draft.topology.homes.values()}
    for name, spec in draft.topology.as_.items():
        if spec.resolver or name in eyeballs:
            system = draft.systems[name]
            path = ("as", name, "resolver")
            system.resolver = draft.add(f"{name}-resolver", "resolver", path, system.middle())
            draft.attach_server(system.resolver, system, system.middle())


def root_name(index: int) -> str:
    """What the n-th root server is called, as the real ones are."""
    return f"{chr(ord('a') + index)}.root-servers.net."


def set_resolvers(draft: Draft, servers: dict[str, list[Machine]]) -> None:
    """Tell each resolver where the root is and whom it serves."""
    roots = servers.get("", [])
    hints = tuple(RootHint(root_name(i), root.address) for i, root in enumerate(roots))
    probe = next(iter([*draft.topology.sites, *draft.topology.zones]), ".")
    for system in draft.systems.values():
        if system.resolver is not None:
            clients = (system.prefix,)
            system.resolver.settings = ResolverSettings(hints, clients, probe)
