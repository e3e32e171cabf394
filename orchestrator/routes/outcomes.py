"""Where BGP settles, and whether it could have settled elsewhere (RFC 4264: "BGP wedgies").

Where everybody prefers customers to peers to providers there is one outcome, whoever speaks first
(Gao and Rexford). A dispute wheel needs somebody who does not (Griffin, Shepherd and Wilfong,
IEEE/ACM ToN 10(2), 2002), or MEDs among the routers of an AS (RFC 3345). So those are looked for
first; and where there are any, sessions of theirs, and of whoever announces, are taken down and
brought back, and all but one of them, which is the same as letting that one speak first. An
outcome that stays another is told by its routes; that none was found proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.plan.routing import BgpSession, Relation
from orchestrator.routes.bgp_sessions import BgpSpeaker, Channel, Outgoing
from orchestrator.routes.settling import Settling

MOST_OUTCOMES = 4
# Sessions to take down, times prefixes, times speakers: what is searched in some ten seconds.
MOST_WORK = 1_000_000
# How good each class of routes must be, so that there is one outcome.
_ORDER: dict[Relation, int] = {"customer": 2, "peer": 1, "provider": 0}


def unruly_systems(speakers: Mapping[str, BgpSpeaker]) -> frozenset[int]:
    """The ASes whose preferences break the order of customers, peers and providers, or that hear
    MEDs and reflect routes."""
    return frozenset(
        asn
        for asn, sessions in _outside(speakers).items()
        if _breaks_order(list(sessions)) or _compares_meds(speakers, asn)
    )


def _outside(speakers: Mapping[str, BgpSpeaker]) -> dict[int, list[BgpSession]]:
    found: dict[int, list[BgpSession]] = {}
    for speaker in speakers.values():
        wanted = [session for session in speaker.sessions if session.relation in _ORDER]
        found.setdefault(speaker.asn, []).extend(wanted)
    return found


def _breaks_order(sessions: list[BgpSession]) -> bool:
    """Whether a class of routes is not better than all of a lower one."""
    span: dict[int, list[int]] = {}
    for session in sessions:
        span.setdefault(_ORDER[session.relation], []).append(session.preference)
    ordered = [span[level] for level in sorted(span)]
    return any(
        max(lower) >= min(higher)
        for number, lower in enumerate(ordered)
        for higher in ordered[number + 1 :]
    )


def _compares_meds(speakers: Mapping[str, BgpSpeaker], asn: int) -> bool:
    """Whether a neighbour sends MEDs to an AS whose routers do not all hear of one another."""
    reflects = any(
        session.client and not speakers[session.neighbour_node].deaf
        for speaker in speakers.values()
        for session in speaker.sessions
        if speaker.asn == asn and session.neighbour_node in speakers
    )
    return reflects and any(
        session.policy.med is not None
        for speaker in speakers.values()
        for session in speaker.sessions
        if session.neighbour_asn == asn and session.relation != "internal"
    )


def can_be_searched(
    speakers: Mapping[str, BgpSpeaker], prefixes: int, systems: frozenset[int]
) -> bool:
    """Whether a search for other outcomes ends soon enough to be worth the wait."""
    ends = sum(len(each) for asn, each in _outside(speakers).items() if asn in systems)
    return ends * prefixes * len(speakers) <= MOST_WORK


def other_outcomes(
    settled: Settling,
    channels: Mapping[str, Outgoing],
    systems: frozenset[int],
) -> tuple[Settling, ...]:
    """Other states that are stable as well, a few at most. Raises Unsettled."""
    found = [settled]
    for down in _failures(channels, systems | settled.originators):
        for known in tuple(found):
            other = known.after(down)
            if all(other.best != each.best for each in found):
                found.append(other)
            if len(found) == MOST_OUTCOMES:
                return tuple(found[1:])
    return tuple(found[1:])


def _failures(
    channels: Mapping[str, Outgoing], systems: frozenset[int]
) -> Iterator[tuple[Channel, ...]]:
    """Each eBGP session of some ASes, as its two channels; then all but one of each AS."""
    for asn in sorted(systems):
        sessions: dict[frozenset[int], list[Channel]] = {}
        for outgoing in channels.values():
            for channel in outgoing.all:
                if not channel.internal and asn in (channel.teller.asn, channel.hearer.asn):
                    ends = frozenset((id(channel.told), id(channel.heard)))
                    sessions.setdefault(ends, []).append(channel)
        yield from (tuple(pair) for pair in sessions.values())
        for first in sessions if len(sessions) > 2 else ():
            yield tuple(c for ends, pair in sessions.items() if ends != first for c in pair)
