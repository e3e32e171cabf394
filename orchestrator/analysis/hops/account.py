"""What became of every packet of a visit's connections, at every hop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.hops.tracks import Track
from orchestrator.analysis.packets.frames import TCP, UDP, Frame
from orchestrator.analysis.story import Story
from orchestrator.plan.addresses import in_url

_HTTPS = 443
_Ends = tuple[bytes, int, bytes, int]


@dataclass(frozen=True)
class Account:
    """The packets of the visit's connections, to the client and from it: ``matched`` were seen
    at every hop from end to end, ``lost`` says of each that was not where it vanished. Packets
    still on their way when the capture ended are not counted."""

    packets: int = 0
    matched: int = 0
    lost: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """How much of all packets was matched, 0 to 1."""
        return self.matched / self.packets if self.packets else 1.0


def account(story: Story) -> Account:
    """Every packet of the client's connections (TCP, and QUIC over UDP port 443)."""
    ends = set(_ends_of_connections(story))
    packets = matched = 0
    lost: list[str] = []
    for track in story.tracks:
        if _ends(track.first) not in ends:
            continue
        if track.lost:
            lost.append(_tell_lost(track))
        if track.lost or track.arrived:
            packets += 1
        matched += track.arrived and track.first.outbound
    return Account(packets, matched, tuple(lost))


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


def _tell_lost(track: Track) -> str:
    first = track.first
    sender = f"{in_url(first.source_address)}:{first.source_port}"
    receiver = f"{in_url(first.target_address)}:{first.target_port}"
    size = f"{len(first.payload)} bytes" if first.payload else "no payload"
    frame = first.captured.journey
    return f"frame {frame}, {sender} to {receiver}, {size}: lost {track.lost}"
