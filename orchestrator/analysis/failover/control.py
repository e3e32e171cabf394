"""What routers told each other, message by message, as those who sent it saw it leave.

Each message is seen at every interface that it crosses; the sender's own capture counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.analysis.failover import bfd, ospf
from orchestrator.analysis.failover.bgp_messages import (
    NOTIFICATION,
    OPEN,
    PORT,
    UPDATE,
    Update,
    name_error,
    read_stream,
    read_update,
)
from orchestrator.analysis.packets.frames import FIN, RST, TCP, UDP, Frame
from orchestrator.plan.hops import leased_to
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import RouterSettings

# Of BFD: it hears the peer no more ("silent"), the peer says that it hears nothing ("signalled"),
# it hears the peer again ("heard"). Of BGP sessions: a NOTIFICATION sent ("notified") or received
# ("told"), the end of the TCP connection ("closed"), an OPEN ("opened"), routes ("update"). Of
# OSPF: what its links are.
Act = Literal[
    "silent", "signalled", "heard", "notified", "told", "closed", "opened", "links", "update"
]


@dataclass(frozen=True)
class Told:
    """One message: who told whom what. ``peer`` is "" where it is for all neighbours.

    ``reason`` is BFD's diagnostic or what a NOTIFICATION complains of; ``update`` is of UPDATEs.
    """

    act: Act
    node: str
    peer: str
    frame: Frame
    reason: str = ""
    update: Update | None = None

    @property
    def time_ns(self) -> int:
        """When the message left its sender, in ns since 1970 UTC."""
        return self.frame.time_ns


def read_control(
    frames: Mapping[str, Sequence[Frame]], plan: Plan, whole: bool = False
) -> list[Told]:
    """All that was told, in the order of time.

    Studies do not capture what says that a BFD session is up and goes on: the first packet of one
    that is down is a change there, unless the frames are ``whole``.
    """
    owners = owners_of(plan)
    ids = {
        node.name: node.settings.router_id.packed
        for node in plan.nodes.values()
        if isinstance(node.settings, RouterSettings)
    }
    told: list[Told] = []
    for node, seen in frames.items():
        own = [f for f in seen if f.outbound and owners.get(f.source) == node]
        told += _read_bfd(node, [f for f in own if f.protocol == UDP], owners, whole)
        told += _read_bgp(node, [f for f in own if f.protocol == TCP], owners)
        told += _read_ospf(node, [f for f in own if f.protocol == ospf.PROTOCOL], ids.get(node))
    return sorted(told, key=lambda message: message.time_ns)


def owners_of(plan: Plan) -> dict[bytes, str]:
    """Who has an address (packed). Those that several have are not what routers talk from."""
    owners: dict[bytes, str] = {}
    for node in plan.nodes.values():
        held = [entry.ip for port in node.interfaces for entry in port.addresses]
        local = [port.link_local for port in node.interfaces]
        for address in (*node.loopbacks, *held, *local, *leased_to(node)):
            owners[address.packed] = node.name
    return owners


def _read_bfd(
    node: str, frames: Sequence[Frame], owners: Mapping[bytes, str], whole: bool
) -> Iterator[Told]:
    """Changes of the state of each session."""
    states: dict[tuple[bytes, bytes], int] = {}
    for frame in frames:
        control = bfd.read_control(frame.payload) if frame.target_port in bfd.PORTS else None
        if control is None:
            continue
        key = (frame.source, frame.target)
        before = states.get(key, control.state if whole else None)
        act = _bfd_act(before, control)
        states[key] = control.state
        if act is not None:
            reason = f"diagnostic {control.diagnostic}, {bfd.name(control.diagnostic)}"
            yield Told(act, node, owners.get(frame.target, ""), frame, reason)


_LOSSES: Mapping[int, Act] = {bfd.TIME_EXPIRED: "silent", bfd.SIGNALED_DOWN: "signalled"}


def _bfd_act(before: int | None, control: bfd.Control) -> Act | None:
    """Who is in state Init hears the other, which does not yet know it (RFC 5880, 6.2)."""
    if control.state in (bfd.INIT, bfd.UP):
        return "heard" if before == bfd.DOWN else None
    if control.state == bfd.DOWN and before != bfd.DOWN:
        return _LOSSES.get(control.diagnostic)
    return None


def _read_bgp(node: str, frames: Sequence[Frame], owners: Mapping[bytes, str]) -> Iterator[Told]:
    connections: dict[tuple[bytes, int, bytes, int], list[Frame]] = defaultdict(list)
    for frame in frames:
        if PORT in (frame.source_port, frame.target_port):
            ends = (frame.source, frame.source_port, frame.target, frame.target_port)
            connections[ends].append(frame)
    for (_, _, target, _), stream in connections.items():
        peer = owners.get(target, "")
        yield from _read_connection(node, peer, stream)


def _read_connection(node: str, peer: str, frames: Sequence[Frame]) -> Iterator[Told]:
    for message in read_stream(frames):
        if message.type == UPDATE:
            yield Told("update", node, peer, message.frame, update=read_update(message.body))
        elif message.type == NOTIFICATION:
            yield Told("notified", node, peer, message.frame, name_error(message.body))
        elif message.type == OPEN:
            yield Told("opened", node, peer, message.frame)
    for frame in frames:
        if frame.flags & (FIN | RST) and not _is_refusal(frame):
            yield Told("closed", node, peer, frame)
            return


def _is_refusal(frame: Frame) -> bool:
    """Whether it says that nobody listens there: no connection ends that never was (RFC 9293,
    3.10.7.1)."""
    return bool(frame.flags & RST) and frame.seq == 0


def _read_ospf(node: str, frames: Sequence[Frame], own_id: bytes | None) -> Iterator[Told]:
    for frame in frames:
        if own_id is not None and own_id in ospf.list_originators(frame.payload):
            yield Told("links", node, "", frame)
