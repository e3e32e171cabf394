"""One packet followed over every interface it crossed, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.analysis.story import Story


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
    proxy that hands on in a packet of its own ("proxy"). ``propagation_ms`` is what the plan has
    the link's delay to be, ``queueing_ms`` what it took beyond that and its serialisation."""

    kind: str
    name: str
    start_ns: int
    end_ns: int
    propagation_ms: float = 0.0
    serialisation_ms: float = 0.0
    queueing_ms: float = 0.0


@dataclass(frozen=True)
class Trace:
    """A packet's way there, and that of what came back for it. ``notes`` are sentences: NAT,
    hand-offs at proxies, another way back, where it was lost."""

    packet: str
    forward: tuple[Passage, ...]
    back: tuple[Passage, ...]
    forward_legs: tuple[Leg, ...] = ()
    back_legs: tuple[Leg, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """The packets of the visit's connections: how many were seen at every hop they crossed."""

    packets: int
    matched: int
    lost: tuple[str, ...] = ()


def trace_packets(story: Story) -> Mapping[str, Trace]:
    """The well-known packets of a visit, by name: syn, dns-query, client-hello, request and
    first-byte; those that there were."""
    return {}
