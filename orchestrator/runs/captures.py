"""The captures of a run: every frame of every node, decoded, and where files end too soon."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.analysis.packets.frames import Captured, Frame, decode
from orchestrator.errors import LabError
from orchestrator.records.merge import JOURNEY
from orchestrator.records.pcapng import Direction, Packet, Wanted, is_truncated, read_packets
from orchestrator.records.testimony import NodeCounted
from orchestrator.runs.door import MOST_CAPTURE, Door, open_run

_SUFFIX = ".pcapng"
# pcap, which tshark is given, has 32 bits for seconds.
_LATEST_NS = 2**32 * 10**9
_LISTED = 4
_UNKNOWN = NodeCounted()


@dataclass(frozen=True)
class Captures:
    """``frames`` by node, with their numbers in journey.pcapng; ``ends_ns`` is the time of the
    last frame in each file that was cut off or is missing, 0 for one that has none."""

    frames: dict[str, tuple[Frame, ...]] = field(default_factory=dict)
    ends_ns: dict[str, int] = field(default_factory=dict)


def find_captures(door: Door, known: Collection[str], wanted: Collection[str]) -> list[str]:
    """The nodes that have a file here, of those that are known. Notes files of others, and those
    of ``wanted`` that are not there."""
    names = [name.removesuffix(_SUFFIX) for name in door.folder.names(_SUFFIX)]
    there = [name for name in names if f"{name}{_SUFFIX}" != JOURNEY]
    odd = [name for name in there if name not in known]
    if odd:
        door.missing.append(f"{_listed(odd)} {_is(odd)} of no node of this lab, and left out")
    lacking = sorted(set(wanted) - set(there))
    if lacking:
        told = "what was captured there is not known"
        door.missing.append(f"{_listed(lacking)} {_is(lacking)} missing: {told}")
    return [name for name in there if name in known]


def _listed(nodes: list[str]) -> str:
    more = f" and {len(nodes) - _LISTED} more files" if len(nodes) > _LISTED else ""
    return ", ".join(f"{node[:80]}{_SUFFIX}" for node in nodes[:_LISTED]) + more


def _is(nodes: list[str]) -> str:
    return "is" if len(nodes) == 1 else "are"


def read_captures(
    door: Door, nodes: list[str], counted: Mapping[str, NodeCounted] | None = None
) -> Captures:
    """The files of some nodes. What was cut off is noted: it ends within a frame, or has fewer
    than were ``counted``. Raises LabError for damaged ones."""
    packets: dict[str, list[Packet]] = {}
    ends_ns: dict[str, int] = {}
    for node in nodes:
        most = (counted or {}).get(node, _UNKNOWN).packets
        whole, packets[node] = _read(door, node, most)
        if not whole:
            ends_ns[node] = max((packet.time_ns for packet in packets[node]), default=0)
    places = iter(_places([packet.time_ns for found in packets.values() for packet in found]))
    frames = {
        node: tuple(decode(_captured(node, *each)) for each in zip(found, places, strict=False))
        for node, found in packets.items()
    }
    return Captures(frames, ends_ns)


def _places(times_ns: Sequence[int]) -> list[int]:
    """The number of each frame in journey.pcapng. As there: by time; what was seen at the same
    nanosecond, by node and number, in which order they are given."""
    places = [0] * len(times_ns)
    order = sorted(range(len(times_ns)), key=times_ns.__getitem__)
    for place, index in enumerate(order, start=1):
        places[index] = place
    return places


def read_frames(folder: Path) -> dict[str, tuple[Frame, ...]]:
    """All frames in a folder of captures, whatever its nodes are. Raises as read_captures does."""
    with open_run(folder) as door:
        names = (name.removesuffix(_SUFFIX) for name in door.folder.names(_SUFFIX))
        return read_captures(door, [n for n in names if f"{n}{_SUFFIX}" != JOURNEY]).frames


def _read(door: Door, node: str, counted: int) -> tuple[bool, list[Packet]]:
    """Whether a file is whole, and its frames."""
    name = f"{node}{_SUFFIX}"
    data = door.data(name, MOST_CAPTURE)
    if not data:
        door.missing.append(f"{name} is empty: what was captured there is not known")
        return False, []
    found = list(_packets(door, node, data))
    whole = not is_truncated(data) and len(found) >= counted
    if not whole:
        door.missing.append(f"{name} was cut off{_end(found)}: what came after is not captured")
    return whole, found


def _end(found: list[Packet]) -> str:
    """When the last frame was that is there."""
    if not found:
        return " before its first frame"
    last = datetime.fromtimestamp(max(entry.time_ns for entry in found) / 1e9, UTC)
    return f" at {last:%H:%M:%S.%f} UTC"


def read_captured(
    door: Door, node: str, data: bytes, wanted: Wanted | None = None
) -> Iterator[Captured]:
    """The frames in a node's file. Raises LabError, with the file's name, where it is damaged."""
    return (_captured(node, packet) for packet in _packets(door, node, data, wanted))


def _packets(door: Door, node: str, data: bytes, wanted: Wanted | None = None) -> Iterator[Packet]:
    try:
        for packet in read_packets(data, wanted):
            if not 0 <= packet.time_ns < _LATEST_NS:
                raise LabError(f"frame {packet.number} has no time that can be", "capture it again")
            yield packet
    except LabError as error:
        raise LabError(f"{door.path / node}{_SUFFIX}: {error.message}", error.hint) from error


def _captured(node: str, packet: Packet, journey: int = 0) -> Captured:
    return Captured(
        node,
        packet.interface.partition(":")[2],
        packet.number,
        journey,
        packet.time_ns,
        packet.direction is Direction.OUTBOUND,
        packet.data,
        packet.original_length,
    )
