"""The other end of the client's connections: which node it was, and what that node saw of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import ACK, SYN, TCP, Frame
from orchestrator.analysis.story import Connection, Story
from orchestrator.plan.addresses import in_url
from orchestrator.plan.hops import is_held


@dataclass(frozen=True)
class Peer:
    """Who a connection led to.

    node    its name in the plan; "" where several share the address and none saw the connection
    place   ``address:port`` as the client wrote it
    frames  the connection as this node's interfaces saw it, after NAT; empty if it never came
    """

    node: str
    place: str
    frames: tuple[Frame, ...]

    @property
    def called(self) -> str:
        """What to call it in a sentence."""
        return f"{self.node} ({self.place})" if self.node else self.place

    @property
    def short(self) -> str:
        """What to call it in a title."""
        return self.node or self.place


def find_peer(story: Story, connection: Connection) -> Peer:
    """Who answers at the far end. Of nodes that share the address, the one the SYN came to."""
    first = connection.frames[0]
    place = f"{in_url(first.target_address)}:{first.target_port}"
    holders = [n.name for n in story.plan.nodes.values() if is_held(n, first.target_address)]
    for name in holders:
        frames = _seen_there(story, name, connection)
        if frames:
            return Peer(name, place, frames)
    return Peer(holders[0] if len(holders) == 1 else "", place, ())


def _seen_there(story: Story, node: str, connection: Connection) -> tuple[Frame, ...]:
    """By the SYN's identity, since NAT has changed where it comes from."""
    sent = {f.identity for f in connection.frames if f.outbound and is_syn(f)}
    seen = story.frames_of(node)
    arrived = next((f for f in seen if not f.outbound and is_syn(f) and f.identity in sent), None)
    if arrived is None:
        return ()
    client = (arrived.source, arrived.source_port)
    server = (arrived.target, arrived.target_port)
    return tuple(
        frame
        for frame in seen[arrived.number - 1 :]
        if frame.protocol == TCP
        and not story.tracks.is_damaged(frame)
        and ends_of(frame) == ((server, client) if frame.outbound else (client, server))
    )


def ends_of(frame: Frame) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    """Sender and receiver, as (packed address, port)."""
    return (frame.source, frame.source_port), (frame.target, frame.target_port)


def is_syn(frame: Frame) -> bool:
    """Whether a frame opens a connection."""
    return frame.protocol == TCP and frame.has(SYN) and not frame.has(ACK)


def answers_of(connection: Connection) -> list[Frame]:
    """Its SYN-ACKs, as they came to the client."""
    return [f for f in connection.frames if f.has(SYN, ACK) and not f.outbound]


def dissections_of(story: Story, frames: Iterable[Frame]) -> Iterator[Dissection]:
    """What was read in these frames, which are of one node, in their order."""
    numbers = {frame.number: frame.node for frame in frames}
    for node in set(numbers.values()):
        for entry in story.dissected(node):
            if entry.frame.number in numbers:
                yield entry


def in_words(names: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def how_many(count: int, what: str) -> str:
    """ "1 segment", "2 segments"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
