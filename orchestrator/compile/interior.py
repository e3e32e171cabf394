"""iBGP: a full mesh between the loopbacks of an AS, or route reflectors (RFC 4456)."""

from __future__ import annotations

from itertools import combinations

from orchestrator.compile.draft import Draft, Machine, System
from orchestrator.compile.relations import timers_of
from orchestrator.compile.sessions import Side, Timers, add_sessions
from orchestrator.compile.tiers import highest_tier
from orchestrator.spec.routing import SessionSpec

LARGEST_MESH = 4  # routers; beyond, sessions grow faster than a mesh is worth
REFLECTORS = 2


def add_ibgp(draft: Draft) -> None:
    """The internal sessions of every AS."""
    for system in draft.systems.values():
        # A router that is cut off is found by OSPF, and what it told goes with its next hop.
        timers = Timers(None, timers_of(draft, SessionSpec()).hold_s)
        reflectors = _reflectors(draft, system)
        for a, b in combinations(system.routers, 2):
            if not reflectors or (a in reflectors and b in reflectors):
                _join(draft, system, a, b, timers)
            elif a in reflectors or b in reflectors:
                reflector, client = (a, b) if a in reflectors else (b, a)
                _join(draft, system, reflector, client, timers, client=True)


def _reflectors(draft: Draft, system: System) -> list[Machine]:
    spec = draft.topology.as_[system.name]
    if spec.reflectors is not None:
        return [draft.machines[name] for name in spec.reflectors]
    if len(system.routers) <= LARGEST_MESH:
        return []
    tiers = {name: router.tier for name, router in spec.routers.items() if router.tier}
    return highest_tier(system.routers, tiers)[:REFLECTORS]


def _join(
    draft: Draft, system: System, a: Machine, b: Machine, timers: Timers, client: bool = False
) -> None:
    ours, theirs = (Side(machine, system.asn, machine.addresses) for machine in (a, b))
    add_sessions(draft, ours, theirs, ("internal", "internal"), "ibgp", timers, client)
