"""What became of every packet of a visit's connections, at every hop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.hops.tracks import Track
from orchestrator.analysis.packets.frames import ICMP, ICMPV6, TCP, UDP, Frame
from orchestrator.analysis.packets.icmp import read_error
from orchestrator.analysis.story import Story
from orchestrator.plan.addresses import in_url

_HTTPS = 443
_Ends = tuple[bytes, int, bytes, int]


@dataclass(frozen=True)
class Account:
    """The packets of the visit's connections, to the client and from it; each counts once.

    matched  seen at every hop from end to end
    lost     says of each where it vanished
    damaged  says of each where a link changed a bit of it, so that its receiver dropped it
    copies   says of each where a link made it of another packet, whatever became of it
    unseen   arrived, and were not captured where they were sent

    Packets still on their way when the capture ended are not counted.
    """

    matched: int = 0
    lost: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    unseen: int = 0

    @property
    def packets(self) -> int:
        """All of them."""
        told = len(self.lost) + len(self.damaged) + len(self.copies)
        return self.matched + told + self.unseen

    @property
    def share(self) -> float:
        """How much of all packets was matched, 0 to 1."""
        return self.matched / self.packets if self.packets else 1.0


def account(story: Story) -> Account:
    """Every packet of the client's connections (TCP, and QUIC over UDP port 443)."""
    ends = set(_ends_of_connections(story))
    tracks = [track for track in story.tracks if _ends(track.first) in ends]
    copies = [track for track in tracks if track.copied]
    sent = [track for track in tracks if not track.copied]
    arrived = [track.first.outbound for track in sent if track.arrived]
    return Account(
        matched=arrived.count(True),
        lost=tuple(_lost(story, track) for track in sent if track.lost and not track.damaged),
        damaged=tuple(_lost(story, track) for track in sent if track.damaged),
        copies=tuple(f"{_tell(track)}: copied {track.copied}" for track in copies),
        unseen=arrived.count(False),
    )


def _ends_of_connections(story: Story) -> Iterator[_Ends]:
    """Sender and receiver of both directions, as NAT shows them on each side of it."""
    known: set[_Ends] = set()
    for frame in story.frames_of(story.visit.node):
        if not frame.outbound or _ends(frame) in known or not _is_connection(frame):
            continue
        track = story.tracks.of(frame)
        if not track.lost:
            known.add(_ends(frame))
        for sighting in track.sightings:
            source, source_port, target, target_port = _ends(sighting)
            yield source, source_port, target, target_port
            yield target, target_port, source, source_port


def _is_connection(frame: Frame) -> bool:
    return frame.protocol == TCP or (frame.protocol == UDP and frame.target_port == _HTTPS)


def _ends(frame: Frame) -> _Ends:
    return frame.source, frame.source_port, frame.target, frame.target_port


def _lost(story: Story, track: Track) -> str:
    told, last = f"{_tell(track)}: lost {track.lost}", track.last
    if last.outbound:
        return told
    errors = (read_error(f) for f in story.frames_of(last.node) if f.outbound and _is_icmp(f))
    said = next((error.says for error in errors if error and error.quotes(last)), "")
    return f"{told}; {last.node} said by ICMP: {said}" if said else told


def _is_icmp(frame: Frame) -> bool:
    return frame.protocol in (ICMP, ICMPV6)


def _tell(track: Track) -> str:
    first = track.first
    sender = f"{in_url(first.source_address)}:{first.source_port}"
    receiver = f"{in_url(first.target_address)}:{first.target_port}"
    size = f"{len(first.payload)} bytes" if first.payload else "no payload"
    return f"frame {first.captured.journey}, {sender} to {receiver}, {size}"
