"""What nodes say of themselves: their logs, routes and translations."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.plan.addresses import Address, Prefix


@dataclass(frozen=True)
class LogLine:
    """A line that a node's daemons wrote during the visit; ``number`` in `logs/<node>.log`."""

    number: int
    time_ns: int
    text: str


@dataclass(frozen=True)
class NextHop:
    """A neighbour (None: the target itself) and the interface, by name, that leads to it."""

    via: Address | None
    interface: str


@dataclass(frozen=True)
class ForwardingEntry:
    """A line of a node's FIB; ``next_hops`` are the equal ones, ``protocol`` who installed it."""

    prefix: Prefix
    kind: str
    protocol: str
    next_hops: tuple[NextHop, ...]
    metric: int = 0


@dataclass(frozen=True)
class Translation:
    """An entry of a gateway's connection tracking (conntrack), as it was after the visit.

    The first four are the packet as it came in, the next four what is expected in answer.
    """

    protocol: str
    source: Address
    source_port: int
    target: Address
    target_port: int
    reply_source: Address
    reply_source_port: int
    reply_target: Address
    reply_target_port: int
    state: str = ""

    @property
    def translated(self) -> bool:
        """Whether NAT changed the source."""
        return (self.source, self.source_port) != (self.reply_target, self.reply_target_port)


@dataclass(frozen=True)
class Facts:
    """facts.json: each router's FIB and each gateway's NAT, right after the click; and what was in
    force during it, faults and changed links, a few words each."""

    format: int = 1
    translations: dict[str, tuple[Translation, ...]] = field(default_factory=dict)
    forwarding: dict[str, tuple[ForwardingEntry, ...]] = field(default_factory=dict)
    in_force: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeCounted:
    """What the capture counted at one node: frames in its file, and frames that it missed."""

    packets: int = 0
    drops: int = 0


@dataclass(frozen=True)
class Counted(NodeCounted):
    """capture.json, as far as it is read: what the capture counted in all, and node by node."""

    per_node: dict[str, NodeCounted] = field(default_factory=dict)
