"""Checks of routing: inside an AS, what it announces, and what RPKI says of that."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Problem
from orchestrator.spec.document import Document, Path
from orchestrator.spec.kinds import PrefixOfEither
from orchestrator.spec.model import Topology
from orchestrator.spec.references import missing, missing_router, twice
from orchestrator.spec.routing import LONGEST_ANNOUNCED, TIERS, RoaSpec
from orchestrator.spec.systems import AsSpec


def check_interiors(topology: Topology, document: Document) -> Iterator[Problem]:
    """Reflectors are routers of their AS, and tiers go with an interior of tiers."""
    for name, system in topology.as_.items():
        path: Path = ("as", name, "reflectors")
        yield from twice(document, system.reflectors or (), path)
        for index, router in enumerate(system.reflectors or ()):
            yield from missing_router(topology, document, name, router, (*path, index))
        yield from _check_tiers(document, name, system)


def _check_tiers(document: Document, name: str, system: AsSpec) -> Iterator[Problem]:
    tiered = [router for router, spec in system.routers.items() if spec.tier]
    if system.interior == "tiers" and not tiered:
        message = f"no router of '{name}' has a tier"
        hint = f"give them 'tier: …': {', '.join(TIERS)}"
        yield document.problem(message, "as", name, "interior", hint=hint)
    if system.interior not in (None, "tiers"):
        for router in tiered:
            message = f"'{router}' has a tier, where the interior is a {system.interior}"
            where = ("as", name, "routers", router, "tier")
            hint = "write 'interior: tiers', or remove the tier"
            yield document.problem(message, *where, hint=hint, at_key=True)


def check_announcements(topology: Topology, document: Document) -> Iterator[Problem]:
    """What is announced, rightly or not, is short enough to be accepted, and said once."""
    for name, system in topology.as_.items():
        path: Path = ("as", name, "announces")
        for index, entry in enumerate(system.announces):
            where = document.entry(*path, index, key="prefix")
            yield from _check_length(document, entry.prefix, where)
            yield from missing_router(topology, document, name, entry.at, (*path, index, "at"))
            earlier = [e.at for e in system.announces[:index] if e.prefix == entry.prefix]
            earlier += [None] * (entry.prefix in (system.prefix, system.prefix6))
            if earlier and (entry.at in earlier or None in (entry.at, *earlier)):
                message = f"'{name}' announces {entry.prefix} already"
                yield document.problem(message, *where)
        yield from twice(document, system.hijacks, ("as", name, "hijacks"))
        for index, prefix in enumerate(system.hijacks):
            yield from _check_length(document, prefix, ("as", name, "hijacks", index))


def _check_length(document: Document, prefix: PrefixOfEither, path: Path) -> Iterator[Problem]:
    longest = LONGEST_ANNOUNCED[prefix.version]
    if prefix.prefixlen > longest:
        message = f"prefix too small: other ASes would not accept {prefix}"
        yield document.problem(message, *path, hint=f"widen it to a /{longest} or more")


def check_rpki(topology: Topology, document: Document) -> Iterator[Problem]:
    """The cache stands somewhere, its ROAs can be, and nobody validates without one."""
    spec = topology.rpki
    if spec is None:
        yield from _check_cacheless(topology, document)
        return
    yield from missing(document, "AS", spec.as_, topology.as_, ("rpki", "as"))
    yield from missing_router(topology, document, spec.as_, spec.router, ("rpki", "router"))
    for index, roa in enumerate(spec.roas):
        path: Path = ("rpki", "roas", index)
        yield from missing(document, "AS", roa.as_, topology.as_, (*path, "as"))
        yield from _check_max_length(document, roa, path)


def _check_max_length(document: Document, roa: RoaSpec, path: Path) -> Iterator[Problem]:
    shortest, longest = roa.prefix.prefixlen, roa.prefix.max_prefixlen
    if roa.max_length is not None and not shortest <= roa.max_length <= longest:
        message = f"{roa.prefix} has no parts of length {roa.max_length}"
        yield document.problem(message, *path, "max_length", hint=f"{shortest} to {longest}")


def _check_cacheless(topology: Topology, document: Document) -> Iterator[Problem]:
    message, hint = "there are no ROAs to validate with", "add a section 'rpki: {as: …}'"
    if topology.routing.rpki == "validate":
        yield document.problem(message, "routing", "rpki", hint=hint)
    for name, system in topology.as_.items():
        if system.rpki == "validate":
            yield document.problem(message, "as", name, "rpki", hint=hint)
