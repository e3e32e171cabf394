"""An Internet exchange point: a switch where networks meet, crossed without a router."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.hops.stays import Stay, at_interface, stays_of
from orchestrator.analysis.packets.frames import ACK, SYN, Frame
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import crossing
from orchestrator.analysis.story import Story
from orchestrator.analysis.teller import Teller

KIND = "ixp"


def _tell(story: Story) -> Iterator[Step]:
    """At each exchange point that the SYN or its answer crosses."""
    connection = story.main_connection
    if connection is None:
        return
    answer = next((f for f in connection.frames if f.has(SYN, ACK)), None)
    for packet, called in ((connection.frames[0], "SYN"), (answer, "SYN-ACK")):
        if packet is not None:
            yield from _cross(story, packet, called)


def _cross(story: Story, packet: Frame, called: str) -> Iterator[Step]:
    stays = stays_of(story.tracks.of(packet).sightings)
    for before, stay, after in zip(stays, stays[1:], stays[2:], strict=False):
        switch = story.plan.switches.get(stay.node)
        if switch is not None and switch.is_ixp:
            yield _step(stay, before.node, after.node, called)


def _step(stay: Stay, before: str, after: str, called: str) -> Step:
    return Step(
        kind=KIND,
        title=f"{stay.node}: {before} hands over to {after}",
        told=(
            f"{before} and {after} meet at the exchange point {stay.node}. It is a switch: the "
            f"{called} crosses it with the TTL it came with, and no other AS is in between."
        ),
        nodes=(before, stay.node, after),
        start_ns=stay.start_ns,
        end_ns=stay.end_ns,
        proofs=tuple(
            at_interface(frame, "out to " + after if frame.outbound else "in from " + before)
            for frame in stay.frames
        ),
        terms=("IXP", "peering", "TTL"),
        milestone=f"{called} crosses {stay.node}",
    )


TELLER = Teller(KIND, _tell, family=crossing.KIND)
