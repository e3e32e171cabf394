"""RPKI: a cache with a ROA for every prefix that an AS has, and those written by hand."""

from __future__ import annotations

from orchestrator.compile.draft import Draft, System
from orchestrator.plan.addresses import Prefix
from orchestrator.plan.routing import RTR_PORT, Roa, RpkiSettings, RtrServer


def add_rpki(draft: Draft) -> None:
    """The cache, where the topology asks for one. What it serves is set once all is announced."""
    spec = draft.topology.rpki
    if spec is None:
        return
    system = draft.systems[spec.as_]
    router = draft.machines[spec.router] if spec.router else system.middle()
    cache = draft.add("rpki", "rpki", ("rpki",), near=router)
    draft.attach_server(cache, system, router)
    draft.rtr = (RtrServer(cache.name, cache.address, RTR_PORT),)


def set_roas(draft: Draft) -> None:
    """Give the RPKI caches the ROAs that the topology's ASes have."""
    spec = draft.topology.rpki
    if spec is None:
        return
    systems = draft.systems.values()
    roas = [_exact(prefix, s.asn) for s in systems for prefix in _rightful(draft, s)]
    for entry in spec.roas:
        longest = entry.max_length or entry.prefix.prefixlen
        roas.append(Roa(entry.prefix, longest, draft.systems[entry.as_].asn))
    draft.machines[draft.rtr[0].node].settings = RpkiSettings(tuple(dict.fromkeys(roas)))


def _rightful(draft: Draft, system: System) -> list[Prefix]:
    announces = draft.topology.as_[system.name].announces
    return [*system.own, *(entry.prefix for entry in announces)]


def _exact(prefix: Prefix, asn: int) -> Roa:
    """Only as long as it is announced: RFC 9319 says why no longer."""
    return Roa(prefix, prefix.prefixlen, asn)


def validates(draft: Draft, system: System) -> bool:
    """Whether the routers of an AS drop what ROAs make invalid."""
    choice = draft.topology.as_[system.name].rpki or draft.topology.routing.rpki
    return choice == "validate" and bool(draft.rtr)
