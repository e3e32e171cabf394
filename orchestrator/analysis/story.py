"""A run's evidence, looked up by the questions that steps ask of it. Each is answered once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from orchestrator.analysis.evidence import Dissection, Evidence
from orchestrator.analysis.hops.tracks import Tracks
from orchestrator.analysis.packets.frames import ACK, DNS_PORT, SYN, TCP, Frame
from orchestrator.analysis.step import Proof
from orchestrator.analysis.web.http import HttpMessage
from orchestrator.analysis.web.reader import read_messages
from orchestrator.plan.kept import Asked
from orchestrator.plan.model import Node, Plan
from orchestrator.records.visit import Visit

# By then an answer has come, if it comes.
_SOON_NS = 1_000_000_000


@dataclass(frozen=True)
class Connection:
    """A TCP connection as its client saw it: all its frames, in order, first the SYN. What a link
    damaged is not among them, for the client does not take it.

    The two ends are (packed address, port).
    """

    client: tuple[bytes, int]
    server: tuple[bytes, int]
    frames: tuple[Frame, ...]

    @property
    def opened_ns(self) -> int:
        """When its first SYN left."""
        return self.frames[0].time_ns

    @property
    def stream(self) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
        """What tells it from others."""
        return self.client, self.server


class Story(Asked):
    """One run. Times are nanoseconds since 1970-01-01 UTC."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    @property
    def visit(self) -> Visit:
        """The visit's record, as visit.json has it."""
        return self.evidence.visit

    @property
    def plan(self) -> Plan:
        """The lab it was made in."""
        return self.evidence.plan

    @property
    def client(self) -> Node:
        """The host that clicked."""
        return self.plan.nodes[self.visit.node]

    @cached_property
    def started_ns(self) -> int:
        """The start of the navigation."""
        started = datetime.fromisoformat(self.visit.started)
        whole = int(started.replace(microsecond=0).timestamp())
        return whole * 10**9 + started.microsecond * 1000

    def at(self, milliseconds: float) -> int:
        """A moment that the browser counts from the start of the navigation."""
        return self.started_ns + round(milliseconds * 1e6)

    def since_start_ms(self, time_ns: int) -> float:
        """Milliseconds since the visit began, of a time in ns since 1970 UTC."""
        return (time_ns - self.started_ns) / 1e6

    @cached_property
    def ended_ns(self) -> int:
        """The load event; without one the end of the time it had, or else the last that the
        client's interfaces saw. If they saw nothing since the click, when the client gave it up."""
        if self.visit.timings_ms.load is not None:
            return self.at(self.visit.timings_ms.load)
        if self.visit.error == "timeout" and self.visit.ended_ms is not None:
            return self.at(self.visit.ended_ms)
        frames = self.frames_of(self.visit.node)
        if frames and frames[-1].time_ns > self.started_ns:
            return frames[-1].time_ns
        return self.at(self.visit.ended_ms or 0)

    def frames_of(self, node: str) -> tuple[Frame, ...]:
        """What a node's interfaces saw, in the order of its file."""
        return self.evidence.frames.get(node, ())

    def is_cut_before(self, node: str, time_ns: int) -> bool:
        """Whether a node's file was cut off before it could show what came a second later."""
        return time_ns + _SOON_NS > self.evidence.ends_ns.get(node, time_ns + _SOON_NS)

    def dissected(self, node: str, *names: str) -> Iterator[Dissection]:
        """A node's frames that have one of these fields or layers; all that were read if none."""
        for dissection in self._dissections.get(node, ()):
            if not names or any(dissection.has(name) for name in names):
                yield dissection

    @cached_property
    def _dissections(self) -> Mapping[str, Sequence[Dissection]]:
        """Without what a link damaged: its receiver has dropped it."""
        return {
            node: [d for d in found if not self.tracks.is_damaged(d.frame)]
            for node, found in self.evidence.dissections.items()
        }

    @cached_property
    def tracks(self) -> Tracks:
        """Which frames are the same packet, over all interfaces of the lab."""
        return Tracks(self.evidence.frames, self.plan, self.evidence.ends_ns)

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """The client's TCP connections, in the order in which they were opened; without those of
        DNS, which are part of a lookup (RFC 7766)."""
        open_now: dict[tuple[tuple[bytes, int], tuple[bytes, int]], list[Frame]] = {}
        done: list[list[Frame]] = []
        for frame in self.frames_of(self.visit.node):
            if frame.protocol != TCP or self.tracks.is_damaged(frame):
                continue
            sender = (frame.source, frame.source_port)
            receiver = (frame.target, frame.target_port)
            key = (sender, receiver) if frame.outbound else (receiver, sender)
            if key[1][1] == DNS_PORT:
                continue
            first = frame.has(SYN) and not frame.has(ACK) and frame.outbound
            known = open_now.get(key)
            # A SYN that repeats the first one's number is the same connection, sent again.
            if first and (known is None or known[0].seq != frame.seq):
                open_now[key] = []
                done.append(open_now[key])
            if key in open_now:
                open_now[key].append(frame)
        return tuple(_connection(frames) for frames in done)

    @cached_property
    def messages(self) -> Mapping[str, tuple[HttpMessage, ...]]:
        """The HTTP messages of each node, in the order of its file."""
        dissected = self._dissections.items()
        return {node: read_messages(found, self.frames_of(node)) for node, found in dissected}

    @cached_property
    def main_connection(self) -> Connection | None:
        """The one that brought the document: to who served it the one with most frames; of a
        visit that got no answer, the first that was tried."""
        served = self.visit.remote_address
        fitting = [c for c in self.connections if str(c.frames[0].target_address) == served]
        tried = self.connections[0] if self.connections else None
        return max(fitting, key=lambda c: len(c.frames), default=tried)


def _connection(frames: list[Frame]) -> Connection:
    first = frames[0]
    client, server = (first.source, first.source_port), (first.target, first.target_port)
    return Connection(client, server, tuple(frames))


def proof(frame: Frame, shows: str, says: str = "") -> Proof:
    """A frame as proof: in the file of its node, passing the display filter ``shows``."""
    return Proof(f"{frame.node}.pcapng", frame.number, shows, says)
