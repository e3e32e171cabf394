"""Packets that a link damaged, found again behind it by all the bits but one that are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from orchestrator.analysis.hops.wiring import Port, Wiring
from orchestrator.analysis.packets.copies import is_damaged
from orchestrator.analysis.packets.frames import Frame

_Path = list[Frame]
Key = tuple[str, int]
# Where a frame came in, and how long it was: damage changes neither.
_Arrival = tuple[str, str, int]
# How much later than its link's delay a damaged packet may come in: queues hold it, too.
_LATE_NS = 2_000_000_000


class Damage:
    """Which frames of a run show a packet with a bit changed.

    ``since`` says of each where that was, as in "between a:eth0 and b:eth1"; ``copied`` of the
    first frames of paths, where a link damaged a copy that it had made.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self.since: dict[Key, str] = {}
        self.copied: dict[Key, str] = {}

    def mend(self, paths: list[_Path], strays: Iterable[Frame]) -> None:
        """Of ``paths``, those that begin where others seem to vanish become one with those.

        ``strays`` are incoming frames that are on no path: the bit may be anywhere.
        """
        beginnings = [path for path in paths if not path[0].outbound]
        beginnings += [[frame] for frame in strays]
        sent = self._sent(paths, {_arrival(path[0]) for path in beginnings})
        mended: set[int] = set()
        for path in beginnings:
            found = _sent_as(sent.get(_arrival(path[0]), ()), path[0])
            if found is None:
                continue
            before, place = found
            self._mark(before[place], path)
            if place == len(before) - 1:
                before += path
                mended.add(id(path))
            else:
                self.copied[key_of(path[0])] = self.since[key_of(path[0])]
        paths[:] = [path for path in paths if id(path) not in mended]
        for path in paths:
            self._compare(path)

    def _sent(
        self, paths: Sequence[_Path], arrivals: set[_Arrival]
    ) -> Mapping[_Arrival, list[tuple[_Path, int]]]:
        """What may have arrived so: the path, and the place in it of the frame that left."""
        found: dict[_Arrival, list[tuple[_Path, int]]] = defaultdict(list)
        for path in paths if arrivals else ():
            for place, frame in enumerate(path):
                peer = self._wiring.peers.get(_port(frame)) if frame.captured.outbound else None
                if peer is not None:
                    arrival = (peer.node, peer.interface, frame.captured.length)
                    if arrival in arrivals:
                        found[arrival].append((path, place))
        return found

    def _compare(self, path: _Path) -> None:
        """A bit of an address, a port or a checksum does not hide which packet it is."""
        for place in range(1, len(path)):
            sent, came = path[place - 1], path[place]
            if sent.outbound and not came.outbound and is_damaged(sent, came):
                self._mark(sent, path[place:])
                return

    def _mark(self, sent: Frame, path: Sequence[Frame]) -> None:
        where = f"between {sent.endpoint} and {path[0].endpoint}"
        for frame in path:
            self.since.setdefault(key_of(frame), where)


def _sent_as(sent: Iterable[tuple[_Path, int]], came: Frame) -> tuple[_Path, int] | None:
    """Rather one that vanished than one that came in as it was."""
    fitting = [
        (path, place)
        for path, place in sent
        if 0 <= came.time_ns - path[place].time_ns < _LATE_NS and is_damaged(path[place], came)
    ]
    return min(fitting, key=lambda found: len(found[0]) - found[1], default=None)


def key_of(frame: Frame) -> Key:
    """What tells a frame from all others of a run."""
    return frame.captured.node, frame.captured.number


def _arrival(frame: Frame) -> _Arrival:
    return *_port(frame), frame.captured.length


def _port(frame: Frame) -> Port:
    return frame.captured.node, frame.captured.interface
