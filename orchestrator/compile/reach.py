"""Whoever must talk in a lab needs a path that BGP policy allows; else it would never be ready."""

from __future__ import annotations

import functools

from orchestrator.compile.draft import Draft, Machine, Server
from orchestrator.compile.freeze import freeze_system
from orchestrator.compile.rpki import validates
from orchestrator.compile.zones import nearest_edges
from orchestrator.routes.as_paths import best_paths
from orchestrator.spec.document import Path

_HINT = "give them a provider in common, or peers that join their providers"


def refuse_unreachable(draft: Draft, servers: dict[str, list[Server]]) -> None:
    """Resolvers reach a server of every zone and the fronts of sites; edges reach origins; homes
    reach the public resolver they ask, and routers that validate their cache."""
    _Reach(draft).refuse(servers)


class _Reach:
    """Who hears of whom, by AS number: found when first asked for, and kept."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._systems = {s.asn: freeze_system(s) for s in draft.systems.values()}
        self._hearers = functools.cache(lambda asn: best_paths(self._systems, asn).keys())

    def refuse(self, servers: dict[str, list[Server]]) -> None:
        for name, system in self._draft.systems.items():
            if system.resolver is not None:
                self._require_zones(system.asn, servers, ("as", name))
                nearest = nearest_edges(self._draft, system.resolver)
                self._require_sites(system.asn, nearest, ("as", name))
        for name, public in self._draft.topology.resolvers.items():
            asn = self._draft.systems[public.as_].asn
            self._require_zones(asn, servers, ("resolvers", name))
        self._require_origins()
        self._require_public_resolvers()
        self._require_cache()

    def _require_zones(self, asn: int, servers: dict[str, list[Server]], path: Path) -> None:
        for zone, those in servers.items():
            machines = [machine for server in those for machine in server.machines]
            what = f"the servers of '{zone}'" if zone else "the root"
            self._require(asn, machines, what, path)

    def _require_sites(self, asn: int, edges: dict[str, str], path: Path) -> None:
        for host, site in self._draft.topology.sites.items():
            front = edges[site.cdn] if site.cdn else f"{site.origin}-lb"
            self._require(asn, [self._draft.machines[front]], f"'{host}'", path)

    def _require_origins(self) -> None:
        topology, machines = self._draft.topology, self._draft.machines
        for host, site in topology.sites.items():
            balancer = machines[f"{site.origin}-lb"]
            for edge in topology.cdns[site.cdn].edges if site.cdn else ():
                asn, what = machines[edge].asn, f"the origin of '{host}'"
                self._require(asn, [balancer], what, ("sites", host))

    def _require_public_resolvers(self) -> None:
        for name, home in self._draft.topology.homes.items():
            if home.resolver is not None:
                instances = self._draft.anycast[home.resolver].instances
                machines = [self._draft.machines[instance] for instance in instances]
                asn, path = self._draft.systems[home.isp].asn, ("homes", name, "resolver")
                self._require(asn, machines, f"the resolver '{home.resolver}'", path)

    def _require_cache(self) -> None:
        """Without its cache a router that validates takes every route for good."""
        caches = [self._draft.machines[server.node] for server in self._draft.rtr]
        for name, system in self._draft.systems.items():
            if validates(self._draft, system):
                self._require(system.asn, caches, "the cache of ROAs", ("as", name))

    def _require(self, asn: int | None, targets: list[Machine], what: str, path: Path) -> None:
        """One target in reach will do: resolvers try the servers of a zone in turn."""
        owners = dict.fromkeys(target.asn for target in targets if target.asn)
        if asn is None or any(asn in self._hearers(owner) for owner in owners):
            return
        there = ", ".join(f"'{self._systems[owner].name}'" for owner in owners)
        message = f"no route from '{self._systems[asn].name}' to {what} in {there}"
        self._draft.report(message, *path, hint=_HINT, at_key=True)
