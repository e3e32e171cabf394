"""Who speaks BGP in a plan, and the sessions that come up, each as two one-way channels."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from orchestrator.plan.addresses import Address, Family, Prefix
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession, RouterSettings, RouteServerSettings, RtrServer


@dataclass(frozen=True, eq=False, slots=True)
class BgpSpeaker:
    """A router, a route server (``serves``), or the speaker beside a server, which is ``deaf``:
    it announces, and takes no route from anybody."""

    name: str
    number: int
    asn: int
    router_id: int
    sessions: tuple[BgpSession, ...]
    originated: tuple[Prefix, ...] = ()
    refused: tuple[Prefix, ...] = ()
    caches: tuple[RtrServer, ...] = ()
    serves: bool = False
    deaf: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Channel:
    """One direction of a session: ``told`` is the session as the teller has it, ``heard`` as the
    hearer does; what follows from them is worked out once, since many routes pass."""

    number: int
    teller: BgpSpeaker
    hearer: BgpSpeaker
    told: BgpSession
    heard: BgpSession
    internal: bool
    everything: bool
    transparent: bool
    prepended: tuple[int, ...]
    preference: int
    reflects: bool
    address: int

    def is_opposite(self, other: Channel) -> bool:
        """Whether both are of one session."""
        return self.told is other.heard


def speakers_of(plan: Plan) -> dict[str, BgpSpeaker]:
    """Every BGP speaker by the name of its node, in the order of the plan."""
    found = (_speaker(number, node) for number, node in enumerate(plan.nodes.values()))
    return {speaker.name: speaker for speaker in found if speaker is not None}


def _speaker(number: int, node: Node) -> BgpSpeaker | None:
    settings, beside = node.settings, node.speaker
    if isinstance(settings, RouterSettings):
        return BgpSpeaker(
            node.name,
            number,
            settings.asn,
            int(settings.router_id),
            settings.sessions,
            tuple(origin.prefix for origin in settings.originated),
            (*settings.own, *settings.bogons),
            settings.rtr,
        )
    if isinstance(settings, RouteServerSettings):
        return BgpSpeaker(
            node.name,
            number,
            settings.asn,
            int(settings.router_id),
            settings.sessions,
            refused=settings.bogons,
            serves=True,
        )
    if beside is None:
        return None
    return BgpSpeaker(
        node.name,
        number,
        beside.asn,
        int(beside.router_id),
        beside.sessions,
        beside.announced,
        deaf=True,
    )


@dataclass(frozen=True, eq=False, slots=True)
class Outgoing:
    """The channels over which a speaker tells; ``inwards`` are those that carry any class of
    routes: to its own AS and to customers."""

    number: int
    serves: bool
    all: tuple[Channel, ...]
    inwards: tuple[Channel, ...]


def channels_of(
    speakers: Mapping[str, BgpSpeaker], family: Family, shut: Container[tuple[str, str]] = ()
) -> dict[str, Outgoing]:
    """What each speaker tells over, of one family: only sessions that both ends have, and none
    that is ``shut``, by the names of its node and itself."""
    known = {
        (name, session.local, session.neighbour): session
        for name, speaker in speakers.items()
        for session in speaker.sessions
        if (name, session.name) not in shut
    }
    channels: dict[str, list[Channel]] = {name: [] for name in speakers}
    for number, (teller, hearer, told, heard) in enumerate(_pairs(speakers, known, family)):
        channels[teller.name].append(_channel(number, teller, hearer, told, heard))
    return {name: _outgoing(speakers[name], told) for name, told in channels.items()}


def _outgoing(speaker: BgpSpeaker, channels: list[Channel]) -> Outgoing:
    inwards = tuple(channel for channel in channels if channel.internal or channel.everything)
    return Outgoing(speaker.number, speaker.serves, tuple(channels), inwards)


def _pairs(
    speakers: Mapping[str, BgpSpeaker],
    known: dict[tuple[str, Address, Address], BgpSession],
    family: Family,
) -> Iterator[tuple[BgpSpeaker, BgpSpeaker, BgpSession, BgpSession]]:
    for speaker in speakers.values():
        for told in speaker.sessions:
            heard = known.get((told.neighbour_node, told.neighbour, told.local))
            hearer = speakers.get(told.neighbour_node)
            if told.family == family and heard and hearer and not hearer.deaf:
                yield speaker, hearer, told, heard


def _channel(
    number: int, teller: BgpSpeaker, hearer: BgpSpeaker, told: BgpSession, heard: BgpSession
) -> Channel:
    return Channel(
        number,
        teller,
        hearer,
        told,
        heard,
        internal=told.relation == "internal",
        everything=told.relation in ("customer", "member"),
        transparent=teller.serves,
        prepended=() if teller.serves else (teller.asn,) * (1 + told.policy.prepend),
        preference=heard.preference,
        reflects=told.client,
        address=int(told.local),
    )
