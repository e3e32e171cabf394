"""Whoever must talk in a lab needs a path that BGP policy allows; else it would never be ready."""

from __future__ import annotations

from orchestrator.compile.draft import Draft, Machine
from orchestrator.compile.freeze import freeze_system
from orchestrator.compile.zones import nearest_edges
from orchestrator.plan.routes import best_paths
from orchestrator.spec.document import Path

_HINT = "give them a provider in common, or peers that join their providers"


def refuse_unreachable(draft: Draft, servers: dict[str, list[Machine]]) -> None:
    """Resolvers reach a server of every zone and the fronts of sites; edges reach origins."""
    _Reach(draft).refuse(servers)


class _Reach:
    """Who hears of whom, by AS number; asked often, so found once."""

    def __init__(self, draft: Draft) -> None:
        systems = {s.asn: freeze_system(s) for s in draft.systems.values()}
        self._draft = draft
        self._hearers = {asn: best_paths(systems, asn).keys() for asn in systems}
        self._names = {asn: system.name for asn, system in systems.items()}

    def refuse(self, servers: dict[str, list[Machine]]) -> None:
        for name, system in self._draft.systems.items():
            if system.resolver is None:
                continue
            for zone, machines in servers.items():
                what = f"the servers of '{zone}'" if zone else "the root"
                self._require(system.asn, machines, what, ("as", name))
            self._require_sites(system.asn, nearest_edges(self._draft, system), ("as", name))
        self._require_origins()

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

    def _require(self, asn: int | None, targets: list[Machine], what: str, path: Path) -> None:
        """One target in reach will do: resolvers try the servers of a zone in turn."""
        owners = dict.fromkeys(target.asn for target in targets if target.asn)
        if asn is None or any(asn in self._hearers[owner] for owner in owners):
            return
        there = ", ".join(f"'{self._names[owner]}'" for owner in owners)
        message = f"no route from '{self._names[asn]}' to {what} in {there}"
        self._draft.report(message, *path, hint=_HINT, at_key=True)
