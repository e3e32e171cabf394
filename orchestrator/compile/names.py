"""The tree of names: root, top-level domains, zones, and a resolver in each ISP that has homes."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.compile.anycast import add_service
from orchestrator.compile.draft import Draft, Machine, Server, System
from orchestrator.plan.addresses import EVERYWHERE
from orchestrator.plan.services import ResolverSettings, RootHint
from orchestrator.spec.document import Path
from orchestrator.spec.lookups import implied_tlds
from orchestrator.spec.services import ServersSpec


def add_name_servers(draft: Draft) -> dict[str, list[Server]]:
    """The servers of every zone, by zone name ("" is the root). One server may serve several."""
    topology, known = draft.topology, dict[str, Server]()
    if topology.dns is None:
        return {}
    wanted: dict[str, tuple[ServersSpec, str, Path]] = {
        "": (topology.dns.root, "root", ("dns", "root"))
    }
    for tld, zone in implied_tlds(topology).items():
        wanted[tld] = (ServersSpec(), f"tld-{tld}", ("zones", zone))
    for tld, spec in topology.dns.tlds.items():
        wanted[tld] = (spec, f"tld-{tld}", ("dns", "tlds", tld))
    for number, (zone, zone_spec) in enumerate(topology.zones.items()):
        stem = "ns" if number == 0 else zone.replace(".", "-") + "-ns"
        wanted[zone] = (zone_spec, stem, ("zones", zone))
    return {zone: _servers(draft, known, *asked) for zone, asked in wanted.items()}


def _servers(
    draft: Draft, known: dict[str, Server], spec: ServersSpec, stem: str, path: Path
) -> list[Server]:
    assert draft.topology.dns is not None
    system = draft.systems[spec.as_ or draft.topology.dns.as_ or ""]
    servers = []
    for index, (name, routers) in enumerate(_wanted(system, spec, stem)):
        where = path if isinstance(spec.servers, int) else (*path, "servers", _step(spec, index))
        if name not in known:
            known[name] = _add_server(draft, system, name, routers, where)
        elif known[name].machines[0].asn != system.asn:
            asn = known[name].machines[0].asn
            message = f"name server '{name}' cannot be in '{system.name}': it is in AS {asn}"
            draft.report(message, *where, hint="give one of the two another name")
        servers.append(known[name])
    return servers


def _step(spec: ServersSpec, index: int) -> str | int:
    return list(spec.servers)[index] if isinstance(spec.servers, dict) else index


def _wanted(system: System, spec: ServersSpec, stem: str) -> Iterator[tuple[str, list[str]]]:
    """Each server's name, and the routers it stands at: one after the other where none is named."""
    if isinstance(spec.servers, dict):
        yield from spec.servers.items()
        return
    names = _numbered(stem, spec.servers) if isinstance(spec.servers, int) else spec.servers
    for index, name in enumerate(names):
        yield name, [system.routers[index % len(system.routers)].name]


def _numbered(stem: str, count: int) -> list[str]:
    return [stem] if count == 1 else [f"{stem}{number}" for number in range(1, count + 1)]


def _add_server(draft: Draft, system: System, name: str, routers: list[str], path: Path) -> Server:
    """A name server at a router; at several routers, as many that share an address."""
    machines = [
        _attached(draft, system, instance, "nameserver", draft.machines[router], path)
        for instance, router in zip(_numbered(name, len(routers)), routers, strict=True)
    ]
    if len(machines) > 1:
        return add_service(draft, name, system, machines, path)
    return Server(name, machines[0].addresses, tuple(machines))


def _attached(
    draft: Draft, system: System, name: str, role: str, router: Machine, path: Path
) -> Machine:
    server = draft.add(name, role, path, near=router)
    draft.attach_server(server, system, router)
    return server


def add_resolvers(draft: Draft) -> None:
    """A recursive resolver in each AS that has homes, or asks for one; and those for everybody."""
    eyeballs = {home.isp for home in draft.topology.homes.values()}
    for name, spec in draft.topology.as_.items():
        if spec.resolver or name in eyeballs:
            system = draft.systems[name]
            path, middle = ("as", name, "resolver"), system.middle()
            system.resolver = _attached(draft, system, f"{name}-resolver", "resolver", middle, path)
    for name, public in draft.topology.resolvers.items():
        system, names = draft.systems[public.as_], _numbered(name, len(public.routers))
        machines = [
            _attached(draft, system, instance, "resolver", draft.machines[r], ("resolvers", name))
            for instance, r in zip(names, public.routers, strict=True)
        ]
        add_service(draft, name, system, machines, ("resolvers", name))


def root_name(index: int) -> str:
    """What the n-th root server is called, as the real ones are."""
    return f"{chr(ord('a') + index)}.root-servers.net."


def set_resolvers(draft: Draft, servers: dict[str, list[Server]]) -> None:
    """Tell each resolver where the root is and whom it serves: its AS, or everybody."""
    roots = servers.get("", [])
    hints = tuple(RootHint(root_name(i), root.addresses) for i, root in enumerate(roots))
    probe = next(iter([*draft.topology.sites, *draft.topology.zones]), ".")
    for system in draft.systems.values():
        if system.resolver is not None:
            system.resolver.settings = ResolverSettings(hints, system.prefixes, probe)
    for name in draft.topology.resolvers:
        for instance in draft.anycast[name].instances:
            draft.machines[instance].settings = ResolverSettings(hints, EVERYWHERE, probe)
