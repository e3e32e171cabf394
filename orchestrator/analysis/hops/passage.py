"""The way of a packet, interface by interface, and what its time went to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.impairment import Impairment
from orchestrator.plan.model import Link, Plan

# Timers wake up late by this much, and a link may be measured as short by as much.
NOISE_MS = 0.2


@dataclass(frozen=True)
class Passage:
    """A packet at an interface: ``interface`` is ``node:interface``, ``frame`` its number in
    journey.pcapng, ``file`` and ``number`` the same frame in the file of its node."""

    interface: str
    outbound: bool
    time_ns: int
    frame: int
    file: str
    number: int


@dataclass(frozen=True)
class Leg:
    """Between two passages: over a link (``kind`` "link"), through a node ("node"), or held by a
    proxy that hands on in a packet of its own ("proxy").

    ``propagation_ms`` is what the plan has the link's delay to be, ``serialisation_ms`` the
    frame's bits at the link's rate, ``queueing_ms`` the rest; all 0 at nodes. Where the kernel's
    netem delays frames, they are seen to leave after that: then it is the node that has them.
    """

    kind: str
    name: str
    start_ns: int
    end_ns: int
    propagation_ms: float = 0.0
    serialisation_ms: float = 0.0
    queueing_ms: float = 0.0

    @property
    def duration_ms(self) -> float:
        """How long the packet was on this way, in milliseconds."""
        return (self.end_ns - self.start_ns) / 1e6


def pass_through(frames: Sequence[Frame]) -> tuple[Passage, ...]:
    """The passages of a packet, and of those that went on for it."""
    return tuple(
        Passage(
            interface=frame.endpoint,
            outbound=frame.outbound,
            time_ns=frame.time_ns,
            frame=frame.captured.journey,
            file=f"{frame.node}.pcapng",
            number=frame.number,
        )
        for frame in frames
    )


def divide_time(packets: Sequence[Sequence[Frame]], plan: Plan) -> tuple[Leg, ...]:
    """The legs between the sightings of packets that went on for each other: as many as there
    are gaps between sightings, each beginning where the one before ends."""
    frames = [frame for packet in packets for frame in packet]
    handed_on = {packet[0].captured for packet in packets[1:]}
    legs: list[Leg] = []
    for before, after in pairwise(frames):
        if before.node == after.node:
            kind = "proxy" if after.captured in handed_on else "node"
            legs.append(Leg(kind, after.node, before.time_ns, after.time_ns))
        else:
            legs += _cross_link(before, after, plan, legs.pop() if legs else None)
    return tuple(legs)


def _cross_link(before: Frame, after: Frame, plan: Plan, last: Leg | None) -> list[Leg]:
    """The leg over a link, after the one before it: netem's delay may be in that."""
    found = find_link(plan, before)
    if found is None:
        name = f"{before.endpoint} to {after.endpoint}"
        crossing = Leg("link", name, before.time_ns, after.time_ns)
        return [last, crossing] if last else [crossing]
    link, impairment = found
    bare = Leg("link", link.name, before.time_ns, after.time_ns)
    crossing = _split(bare, impairment, before.captured.length)
    if last is None:
        return [crossing]
    if crossing.queueing_ms < -NOISE_MS:
        held = _split(last, impairment, before.captured.length)
        if held.queueing_ms >= -NOISE_MS:
            return [held, replace(bare, queueing_ms=bare.duration_ms)]
    return [last, crossing]


def _split(leg: Leg, impairment: Impairment, length: int) -> Leg:
    rate = impairment.rate_bps
    serialisation_ms = length * 8 / rate * 1000 if rate else 0.0
    return replace(
        leg,
        propagation_ms=impairment.delay_ms,
        serialisation_ms=serialisation_ms,
        queueing_ms=leg.duration_ms - impairment.delay_ms - serialisation_ms,
    )


def find_link(plan: Plan, frame: Frame) -> tuple[Link, Impairment] | None:
    """The link that a frame left over, and what it does in that direction."""
    here = (frame.node, frame.captured.interface)
    for link in plan.links.values():
        for end, impairment in ((link.a, link.ab), (link.b, link.ba)):
            if (end.node, end.interface) == here:
                return link, impairment
    return None
