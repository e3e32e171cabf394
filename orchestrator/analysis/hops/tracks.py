"""Which frames are the same packet: each one's track, from where it was first seen to the last.

All frames are gone through once, in the order of time. A frame that leaves a node is awaited at
the other end of its link; one that came in is awaited where it leaves that node again, from a
switch at several ports. It is awaited by its `identity`, its addresses and its ports; of those a
gateway's NAT changes one end. Where equal packets are awaited at one place (a query sent again,
a repeated ACK), the one that fits the link's delay best is taken: others were lost, or follow.

A frame that comes in though all awaited ones have come is a copy that a link made. One that nobody
sent, but for a single bit, is a packet that a link damaged: its receiver drops it for its checksum.

What crosses one link and is sent all the time is not followed: BFD, OSPF, BGP, ARP and neighbour
discovery. Each such frame is a track of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from orchestrator.analysis.hops.damage import Damage, Key, key_of
from orchestrator.analysis.hops.wiring import Wiring
from orchestrator.analysis.packets.copies import is_told_apart
from orchestrator.analysis.packets.frames import ARP, ICMPV6, TCP, UDP, Frame
from orchestrator.plan.model import Plan

_BFD_PORTS, _BGP, _OSPF, _NEIGHBOUR_TTL = (3784, 4784), 179, 89, 255
# A frame that left this shortly before the capture ended may have come in after it.
_CLOSING_NS = 100_000_000


@dataclass(frozen=True)
class Track:
    """One packet: its sightings in the order of time, from the first interface to the last.

    ``lost`` is where it vanished, as in "between alder-bng:eth2 and oak-street-gw:wan"; "" if
    it ``arrived``, and if nobody can know (the capture ended, or there is none). What was
    ``damaged`` on its way is lost there, wherever it got to. ``copied`` is where a link made this
    packet of another, which was sent; "" if it was sent itself.
    """

    sightings: tuple[Frame, ...]
    lost: str = ""
    arrived: bool = False
    damaged: bool = False
    copied: str = ""

    @property
    def first(self) -> Frame:
        """Where it was first seen."""
        return self.sightings[0]

    @property
    def last(self) -> Frame:
        """Where it was last seen."""
        return self.sightings[-1]

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes and switches it was at, in order."""
        return tuple(dict.fromkeys(frame.node for frame in self.sightings))

    def at(self, node: str) -> tuple[Frame, ...]:
        """Its sightings at a node: as it came in, as it left."""
        return tuple(frame for frame in self.sightings if frame.node == node)


class Tracks:
    """The tracks of a run. ``frames`` are those of each node, and ``ends_ns`` says of files that
    were cut off when they end, as in Evidence."""

    def __init__(
        self,
        frames: Mapping[str, Sequence[Frame]],
        plan: Plan,
        ends_ns: Mapping[str, int] | None = None,
    ) -> None:
        self._ends_ns = ends_ns or {}
        self._wiring = Wiring(plan)
        self._captured = frozenset(frames)
        ordered = sorted(chain.from_iterable(frames.values()), key=_time)
        self._end_ns = ordered[-1].time_ns if ordered else 0
        follower = _Follower(self._wiring)
        self._paths = follower.follow(ordered)
        damage = Damage(self._wiring)
        damage.mend(self._paths, follower.strays)
        self._copied, self._damaged = damage.copied | follower.copied, damage.since
        # A switch may have sent a frame out of several ports: who took it comes last, and counts.
        self._of: dict[tuple[str, int], list[Frame]] = {}
        for path in sorted(self._paths, key=self._worth):
            self._of.update((key_of(frame), path) for frame in path)

    def of(self, frame: Frame) -> Track:
        """The track of a frame; of one that is not followed, the frame alone."""
        path = self._of.get(key_of(frame))
        return self._track(path) if path else Track((frame,))

    def is_damaged(self, frame: Frame) -> bool:
        """Whether what was seen here is not what was sent: nobody takes it."""
        return key_of(frame) in self._damaged

    def __iter__(self) -> Iterator[Track]:
        """All packets that were followed, by the time at which they were first seen."""
        for path in self._paths:
            if self._of[key_of(path[0])] is path:
                yield self._track(path)

    def hidden_at(self, last: Frame) -> str:
        """Of a packet that was last seen here, the node whose file ends before it can show what
        became of it; "" if none does."""
        port = (last.node, last.captured.interface)
        peer = self._wiring.peers.get(port)
        node = last.node if not last.outbound else peer.node if peer else ""
        then_ns = last.time_ns + self._wiring.delays_ns.get(port, 0) + _CLOSING_NS
        return node if then_ns > self._ends_ns.get(node, then_ns) else ""

    def _track(self, path: list[Frame]) -> Track:
        last, copied = path[-1], self._copied.get(key_of(path[0]), "")
        damage = next(filter(None, (self._damaged.get(key_of(frame)) for frame in path)), "")
        if damage:
            return Track(tuple(path), f"to damage {damage}", damaged=True, copied=copied)
        arrived = not last.outbound and self._wiring.ends(last)
        lost = "" if arrived else self._vanished(last)
        return Track(tuple(path), lost, arrived, copied=copied)

    def _worth(self, path: list[Frame]) -> tuple[bool, bool, int]:
        last = path[-1]
        return self._wiring.takes(last), self._wiring.forwards(last.captured.node), len(path)

    def _vanished(self, last: Frame) -> str:
        """Where a packet vanished that was last seen here; "" if it may be on its way."""
        port = (last.node, last.captured.interface)
        if last.time_ns + self._wiring.delays_ns.get(port, 0) + _CLOSING_NS > self._end_ns:
            return ""
        if self.hidden_at(last):
            return ""
        if not last.outbound:
            return f"at {last.node}: it came in at {last.captured.interface} and did not leave"
        peer = self._wiring.peers.get(port)
        captured = peer is not None and peer.node in self._captured
        return f"between {last.endpoint} and {peer}" if captured else ""


def _time(frame: Frame) -> int:
    return frame.captured.time_ns


def _is_talk(frame: Frame) -> bool:
    """Whether a frame is neighbours' talk, or has no identity."""
    protocol, target_port = frame.protocol, frame.target_port
    if protocol == UDP:
        return target_port in _BFD_PORTS
    if protocol == TCP:
        return target_port == _BGP or frame.source_port == _BGP
    return not frame.identity or (protocol == ICMPV6 and frame.ttl == _NEIGHBOUR_TTL)


def _is_odd(frame: Frame) -> bool:
    """Whether a frame that came in is of no kind that neighbours send: a damaged one, perhaps."""
    is_known = bool(frame.identity) or frame.ethertype == ARP or frame.protocol == _OSPF
    return not (frame.captured.outbound or is_known)


# A path, and how many of its frames lead to the place where the packet is awaited.
_Awaited = tuple[list[Frame], int]


class _Follower:
    """Puts frames, given in the order of time, together to paths."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._paths: list[list[Frame]] = []
        self._left: dict[tuple[Any, ...], Frame] = {}
        self.copied: dict[Key, str] = {}
        self.strays: list[Frame] = []
        self._awaited: dict[tuple[Any, ...], list[_Awaited]] = {}

    def follow(self, frames: Sequence[Frame]) -> list[list[Frame]]:
        """The paths, by their first frames; copies that a switch made are paths of their own.

        ``copied`` says of the first frames of paths that begin with a link's copy where that was;
        ``strays`` are incoming frames that are none that anybody here sends.
        """
        for frame in frames:
            if _is_talk(frame):
                self.strays += (frame,) if _is_odd(frame) else ()
            elif frame.captured.outbound:
                self._leaves(frame)
            else:
                self._comes_in(frame)
        return self._paths

    def _leaves(self, frame: Frame) -> None:
        wiring, node = self._wiring, frame.captured.node
        packet = _packet(frame)
        known = self._awaited.get((node, packet))
        if not known and node in wiring.gateways:
            known = self._translated(frame)
        self._mark_copy(frame, known)
        path = self._join(known, frame, 0, keep=node in wiring.switches)
        peer = wiring.peers.get((node, frame.captured.interface))
        if peer is not None:
            self._await((peer.node, peer.interface, packet), (path, len(path)))

    def _comes_in(self, frame: Frame) -> None:
        wiring = self._wiring
        node, interface = frame.captured.node, frame.captured.interface
        packet = _packet(frame)
        peer = wiring.peers.get((node, interface))
        delay_ns = wiring.delays_ns[peer.node, peer.interface] if peer else 0
        known = self._awaited.get((node, interface, packet))
        if known is not None and not known:
            self.copied[key_of(frame)] = f"between {peer} and {frame.endpoint}"
        path = self._join(known, frame, delay_ns)
        awaited = (path, len(path))
        self._await((node, packet), awaited)
        if node in wiring.gateways:
            for end in _ends(frame):
                self._await((node, *end), awaited)

    def _mark_copy(self, frame: Frame, known: list[_Awaited] | None) -> None:
        """The kernel's netem makes copies before the capture sees what leaves."""
        port = (frame.captured.node, frame.captured.interface, _packet(frame))
        earlier = self._left.setdefault(port, frame)
        if earlier is not frame and not known and is_told_apart(frame):
            self.copied[key_of(frame)] = f"as it left {frame.endpoint}"

    def _translated(self, frame: Frame) -> list[_Awaited] | None:
        """NAT changes the source on the way out, the target on the way back (RFC 3022)."""
        for end in _ends(frame):
            known = self._awaited.get((frame.captured.node, *end), [])
            # What left as it was is awaited no longer.
            known[:] = [entry for entry in known if len(entry[0]) == entry[1]]
            if known:
                return known
        return None

    def _await(self, where: tuple[Any, ...], awaited: _Awaited) -> None:
        self._awaited.setdefault(where, []).append(awaited)

    def _join(
        self, known: list[_Awaited] | None, frame: Frame, delay_ns: int, *, keep: bool = False
    ) -> list[Frame]:
        """The path that a frame goes on with, or a new one."""
        if not known:
            path = [frame]
            self._paths.append(path)
            return path
        place = _choose(known, frame.captured.time_ns - delay_ns)
        path, length = known[place] if keep else known.pop(place)
        if len(path) > length:
            path = path[:length]
            self._paths.append(path)
        path.append(frame)
        return path


def _packet(frame: Frame) -> tuple[Any, ...]:
    source, target = (frame.source, frame.source_port), (frame.target, frame.target_port)
    return frame.identity, source, target


def _ends(frame: Frame) -> tuple[tuple[Any, ...], ...]:
    """What a packet may be known by beyond NAT: the one end that stays."""
    to = (frame.identity, "to", frame.target, frame.target_port)
    return to, (frame.identity, "from", frame.source, frame.source_port)


def _choose(known: list[_Awaited], expected_ns: int) -> int:
    """Which of those, in the order of time, was last seen nearest to when it must have been."""
    if len(known) == 1:
        return 0
    after = bisect_right(known, expected_ns, key=_seen_ns)
    near = [place for place in (after - 1, after) if 0 <= place < len(known)]
    return min(near, key=lambda place: abs(_seen_ns(known[place]) - expected_ns))


def _seen_ns(awaited: _Awaited) -> int:
    path, length = awaited
    return path[length - 1].captured.time_ns
