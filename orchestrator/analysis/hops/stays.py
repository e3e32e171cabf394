"""A track node by node: where a packet came in, and where it left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from orchestrator.analysis.packets.frames import IPV6, Frame
from orchestrator.analysis.step import Proof
from orchestrator.analysis.story import proof


@dataclass(frozen=True)
class Stay:
    """A packet at a node or switch. ``came`` is None where it was born, ``left`` where it ended."""

    node: str
    came: Frame | None
    left: Frame | None

    @property
    def frames(self) -> tuple[Frame, ...]:
        """What was seen of it there."""
        return tuple(frame for frame in (self.came, self.left) if frame is not None)

    @property
    def start_ns(self) -> int:
        """When it was first seen there."""
        return self.frames[0].time_ns

    @property
    def end_ns(self) -> int:
        """When it was last seen there."""
        return self.frames[-1].time_ns


def stays_of(sightings: Iterable[Frame]) -> list[Stay]:
    """The nodes that a packet was at, in order."""
    stays = []
    for node, group in groupby(sightings, key=lambda frame: frame.node):
        seen = list(group)
        came = next((frame for frame in seen if not frame.outbound), None)
        left = next((frame for frame in reversed(seen) if frame.outbound), None)
        stays.append(Stay(node, came, left))
    return stays


def at_interface(frame: Frame, says: str) -> Proof:
    """A frame as proof of where a packet was, from whom to whom, and how many hops it had left."""
    name, hops = ("ipv6", "hlim") if frame.ethertype == IPV6 else ("ip", "ttl")
    shows = (
        f'frame.interface_name == "{frame.endpoint}" && {name}.src == {frame.source_address}'
        f" && {name}.dst == {frame.target_address} && {name}.{hops} == {frame.ttl}"
    )
    return proof(frame, shows, says)
