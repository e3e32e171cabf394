"""BGP sessions in the making: one for each family, seen from both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from orchestrator.compile.draft import Draft, Machine
from orchestrator.plan.addresses import Address
from orchestrator.plan.routing import Bfd, BgpPolicy, BgpSession, Relation
from orchestrator.spec.routing import PolicySpec

OPPOSITE: dict[Relation, Relation] = {
    "customer": "provider",
    "provider": "customer",
    "peer": "peer",
}
_PLAIN = BgpPolicy()


@dataclass(frozen=True)
class Side:
    """One end of a session: who, in which AS, at which addresses, and its policy there."""

    machine: Machine
    asn: int
    addresses: tuple[Address, ...]
    policy: BgpPolicy = _PLAIN


@dataclass(frozen=True)
class Timers:
    """What both ends of a session agree on."""

    bfd: Bfd | None
    hold_s: int


def policy_of(spec: PolicySpec) -> BgpPolicy:
    """A policy as it was written."""
    return BgpPolicy(spec.prefer, spec.limit or 0, spec.prepend, spec.med, spec.no_export)


def add_sessions(
    draft: Draft,
    a: Side,
    b: Side,
    relations: tuple[Relation, Relation],
    via: str,
    timers: Timers,
    client: bool = False,
) -> None:
    """A session for each family that both have: ``relations`` are what b is to a, and a to b.

    ``client`` says that b is a's client for route reflection.
    """
    for mine, theirs in zip(a.addresses, b.addresses, strict=True):
        _add(draft, a, b, (mine, theirs), relations[0], via, timers, client)
        _add(draft, b, a, (theirs, mine), relations[1], via, timers, client=False)


def _add(
    draft: Draft,
    us: Side,
    them: Side,
    addresses: tuple[Address, Address],
    relation: Relation,
    via: str,
    timers: Timers,
    client: bool,
) -> None:
    sessions = draft.sessions[us.machine.name]
    suffix = "" if addresses[0].version == 4 else "_v6"
    sessions.append(
        BgpSession(
            session_name(sessions, via, them.machine.name, suffix),
            relation,
            *addresses,
            them.asn,
            them.machine.name,
            client=client,
            route_server=them.machine.role == "routeserver",
            policy=us.policy,
            bfd=timers.bfd,
            hold_s=timers.hold_s,
        )
    )


def session_name(others: Sequence[BgpSession], via: str, neighbour: str, suffix: str = "") -> str:
    """A symbol of BIRD's that no other session of the router has: at most 64 characters."""
    stem = f"{via}_{neighbour}".replace("-", "_")
    stem = stem if stem[0].isalpha() else f"_{stem}"
    room = 64 - len(suffix)
    names = ((stem[:room] if n == 1 else f"{stem[: room - 4]}_{n}") + suffix for n in count(1))
    taken = {session.name for session in others}
    return next(name for name in names if name not in taken)
