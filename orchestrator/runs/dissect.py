"""What tshark reads in captured frames, as fields by name (tshark(1), wireshark-filter(4)).

Dissectors take a packet that they see twice for a retransmission, so nodes that saw the same
packets must be read apart; but a start of tshark takes as long as reading a thousand packets. So
one tshark reads them all, and takes them for those of different hosts: where nodes saw the same
packets, the addresses in the headers are changed, other ones for each such node. No field that is
read here is of those headers. One unknown field name makes tshark refuse all; tests hold the names
to its list.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import IPV4, IPV6, TCP, UDP, Frame
from orchestrator.analysis.step import PREFERENCES
from orchestrator.errors import HostError, LabError
from orchestrator.plan.legend import http_ports
from orchestrator.plan.model import Plan

# Between fields and between the values of one: neither is in any text that our servers write.
_SEPARATOR, _AGGREGATOR = "\x1e", "\x1f"
_ARGV = (
    *("tshark", "-n", "-r", "-", "-T", "fields"),
    *("-E", f"separator={_SEPARATOR}", "-E", f"aggregator={_AGGREGATOR}"),
    *("-e", "frame.number", "-e", "frame.protocols"),
)
_WORKERS = 2
# So many frames are read while another tshark starts; a sixth of a second either way.
_WORTH_A_START = 5_000
# In the first three bits of an address.
_MOST_GROUPS = 8
# Where addresses begin in a frame.
_ADDRESSES = {IPV4: (26, 30), IPV6: (22, 38)}
# The same in a quoted packet, by its version.
_QUOTED = {4: (12, 16), 6: (8, 24)}
_ICMP, _ICMPV6 = 1, 58
_WORDS = struct.Struct("!HH")
Batch = list[list[str]]
"""Groups of nodes: in none was a packet seen twice."""
_OSPF, _BGP_PORT, _BFD_PORT = 89, 179, 3784
# pcap's file header and record header, times in nanoseconds (draft-ietf-opsawg-pcap).
_FILE_HEADER = struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
_RECORD = struct.Struct("=IIII")
# Fields that name other frames: tshark counts what it was given, we count a node's own.
_NUMBERS = frozenset({"tcp.segment", "tls.segment"})


class Dissect(Protocol):
    """The dissections of the frames of some nodes, by node, in the order of the frames."""

    def __call__(
        self, frames: Mapping[str, Sequence[Frame]]
    ) -> dict[str, tuple[Dissection, ...]]: ...


@contextmanager
def dissecting(fields: Sequence[str], plan: Plan, keys: Path) -> Iterator[Dissect]:
    """What reads ``fields``, with a tshark that starts meanwhile.

    What routers say to each other all the time is left out: no step tells it. ``keys`` are TLS
    secrets in NSS key log format; the file may be missing. Raises HostError without tshark,
    LabError where it cannot read.
    """
    argv = [*_ARGV, *_options(plan, keys), *(word for name in fields for word in ("-e", name))]
    with ExitStack() as stack:
        waiting = [stack.enter_context(_started(argv))]

        def dissect(frames: Mapping[str, Sequence[Frame]]) -> dict[str, tuple[Dissection, ...]]:
            worth = {n: [f for f in seen if not _is_routing(f)] for n, seen in frames.items()}
            batches = share_out(worth)
            while len(waiting) < len(batches):
                waiting.append(stack.enter_context(_started(argv)))
            found: dict[str, list[Dissection]] = {node: [] for node in frames}
            with ThreadPoolExecutor(_WORKERS) as pool:
                for dissections in pool.map(partial(_read, fields, worth), waiting, batches):
                    for dissection in dissections:
                        found[dissection.frame.node].append(dissection)
            waiting.clear()
            return {node: tuple(dissections) for node, dissections in found.items()}

        yield dissect


def dissect(
    frames: Mapping[str, Sequence[Frame]], fields: Sequence[str], plan: Plan, keys: Path
) -> dict[str, tuple[Dissection, ...]]:
    """The same at once. Raises as `dissecting` does."""
    with dissecting(fields, plan, keys) as read:
        return read(frames)


def unknown_fields(names: Iterable[str]) -> list[str]:
    """Those of some fields that this machine's tshark does not have, in their order.

    Raises HostError without tshark, LabError where it does not tell.
    """
    with _started(["tshark", "-G", "fields"]) as tshark:
        lines = [line.split("\t") for line in _communicate(tshark).splitlines()]
    known = {line[2] for line in lines if line[0] in ("F", "P")}  # a field, a protocol
    return [name for name in names if name not in known]


def share_out(frames: Mapping[str, Sequence[Frame]]) -> list[Batch]:
    """What each tshark reads: groups of nodes, of which each is told apart from the others."""
    sizes = {node: len(seen) for node, seen in frames.items()}
    groups = strangers(frames)
    wanted = min(_WORKERS, 1 + sum(sizes.values()) // _WORTH_A_START)
    batches: list[Batch] = [[] for _ in range(max(wanted, -(-len(groups) // _MOST_GROUPS)))]
    for group in groups:
        room = [batch for batch in batches if len(batch) < _MOST_GROUPS]
        min(room, key=lambda batch: sum(sizes[n] for g in batch for n in g)).append(group)
    return [batch for batch in batches if batch]


def strangers(frames: Mapping[str, Sequence[Frame]]) -> list[list[str]]:
    """The nodes in as few groups as come easily, in each of which no packet was seen twice."""
    groups: list[list[str]] = []
    known: list[set[int]] = []
    for node, seen in sorted(frames.items(), key=lambda item: -len(item[1])):
        identities = {frame.identity for frame in seen if frame.identity}
        for group, others in zip(groups, known, strict=True):
            if others.isdisjoint(identities):
                group.append(node)
                others |= identities
                break
        else:
            groups.append([node])
            known.append(identities)
    return groups


def _is_routing(frame: Frame) -> bool:
    ports = (frame.source_port, frame.target_port)
    if frame.protocol == TCP:
        return _BGP_PORT in ports
    return frame.protocol == _OSPF or (frame.protocol == UDP and _BFD_PORT in ports)


def _options(plan: Plan, keys: Path) -> list[str]:
    """Where plain HTTP is spoken, which no port number tells of itself; and the keys."""
    options = [option for told in PREFERENCES for option in ("-o", told)]
    options += [option for port in http_ports(plan) for option in ("-d", f"tcp.port=={port},http")]
    return [*options, "-o", f"tls.keylog_file:{keys}"] if keys.exists() else options


def _read(
    fields: Sequence[str],
    frames: Mapping[str, Sequence[Frame]],
    tshark: subprocess.Popen[bytes],
    batch: Batch,
) -> list[Dissection]:
    groups = {node: place for place, nodes in enumerate(batch) for node in nodes}
    together = sorted((f for node in groups for f in frames[node]), key=lambda f: f.time_ns)
    lines = _communicate(tshark, _write_pcap(together, groups)).split("\n")[:-1]
    return [_parse(line, fields, together) for line in lines]


def _write_pcap(frames: Iterable[Frame], groups: Mapping[str, int]) -> bytes:
    parts = [_FILE_HEADER]
    for frame in frames:
        captured = frame.captured
        seconds, nanoseconds = divmod(captured.time_ns, 10**9)
        parts.append(_RECORD.pack(seconds, nanoseconds, len(captured.data), captured.length))
        parts.append(_mark(frame, groups[captured.node]))
    return b"".join(parts)


def _mark(frame: Frame, group: int) -> bytes:
    """The frame as one of other hosts: group 0 has its own addresses, seven more have others.

    What is added to an address's first two octets is taken from its next two: no checksum changes
    (RFC 1071), which tshark looks at.
    """
    data = frame.captured.data
    if not group or not frame.source:
        return data
    marked, more = bytearray(data), group << 13
    for place in (*_ADDRESSES[frame.ethertype], *_quoted(data, frame)):
        if place + _WORDS.size <= len(data):
            high, low = _WORDS.unpack_from(marked, place)
            _WORDS.pack_into(marked, place, (high + more) % 0xFFFF, (low - more) % 0xFFFF)
    return bytes(marked)


def _quoted(data: bytes, frame: Frame) -> tuple[int, ...]:
    """Where addresses are in the packet that an error of ICMP quotes (RFC 792, RFC 4443)."""
    if frame.protocol not in (_ICMP, _ICMPV6):
        return ()
    header = (data[14] & 15) * 4 if frame.ethertype == IPV4 else 40
    quoted = 14 + header + 8
    version = data[quoted] >> 4 if quoted < len(data) else 0
    return tuple(quoted + offset for offset in _QUOTED.get(version, ()))


@contextmanager
def _started(argv: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its input. It is gone afterwards."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise HostError("tshark is not there", "install it: make lab") from error
    with process:
        try:
            yield process
        finally:
            process.kill()


def _communicate(process: subprocess.Popen[bytes], capture: bytes = b"") -> str:
    said, complaint = process.communicate(capture)
    if process.returncode:
        *_, reason = complaint.decode(errors="replace").strip().splitlines() or ["no reason"]
        raise LabError(f"tshark cannot read the capture: {reason}")
    return said.decode(errors="replace")


def _parse(line: str, fields: Sequence[str], frames: Sequence[Frame]) -> Dissection:
    number, protocols, *values = line.split(_SEPARATOR)
    if len(values) != len(fields):  # a stranger's text has our separator in it
        values = [""] * len(fields)
    found = {
        name: tuple(value.split(_AGGREGATOR))
        for name, value in zip(fields, values, strict=True)
        if value
    }
    for name in _NUMBERS & found.keys():
        found[name] = tuple(str(frames[int(value) - 1].number) for value in found[name])
    return Dissection(frames[int(number) - 1], tuple(protocols.split(":")), found)
