"""What tshark reads in captured frames, as fields by name (tshark(1), wireshark-filter(4)).

Dissectors take a packet that they see twice for a retransmission, so nodes that saw the same
packets are read apart; but every start of tshark costs a fifth of a second, so nodes that saw
different ones are read together. One unknown field name makes tshark refuse all; tests hold the
names to its list.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import TCP, UDP, Frame
from orchestrator.analysis.step import PREFERENCES
from orchestrator.errors import HostError, LabError
from orchestrator.plan.legend import http_ports
from orchestrator.plan.model import Plan

# Between fields and between the values of one: neither is in any text that our servers write.
_SEPARATOR, _AGGREGATOR = "\x1e", "\x1f"
_WORKERS = 2
_OSPF, _BGP_PORT, _BFD_PORT = 89, 179, 3784
# pcap's file header and record header, times in nanoseconds (draft-ietf-opsawg-pcap).
_FILE_HEADER = struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
_RECORD = struct.Struct("=IIII")
# Fields that name other frames: tshark counts what it was given, we count a node's own.
_NUMBERS = frozenset({"tcp.segment", "tls.segment"})


def dissect(
    frames: Mapping[str, Sequence[Frame]], fields: Sequence[str], plan: Plan, keys: Path
) -> dict[str, tuple[Dissection, ...]]:
    """The dissections of the frames of some nodes, by node, in the order of the frames.

    What routers say to each other all the time is left out: no step tells it. ``keys`` are TLS
    secrets in NSS key log format; the file may be missing. Raises HostError without tshark,
    LabError where it cannot read.
    """
    worth = {node: [f for f in seen if not _is_routing(f)] for node, seen in frames.items()}
    options = _options(plan, keys)
    found: dict[str, list[Dissection]] = {node: [] for node in frames}

    def one(nodes: Sequence[str]) -> list[Dissection]:
        together = sorted((f for node in nodes for f in worth[node]), key=lambda f: f.time_ns)
        lines = _tshark(_write_pcap(together), fields, options)
        return [_parse(line, fields, together) for line in lines]

    with ThreadPoolExecutor(_WORKERS) as pool:
        for dissections in pool.map(one, strangers(worth)):
            for dissection in dissections:
                found[dissection.frame.node].append(dissection)
    return {node: tuple(dissections) for node, dissections in found.items()}


def unknown_fields(names: Iterable[str]) -> list[str]:
    """Those of some fields that this machine's tshark does not have, in their order.

    Raises HostError without tshark, LabError where it does not tell.
    """
    lines = (line.split("\t") for line in _run(["tshark", "-G", "fields"]).splitlines())
    known = {line[2] for line in lines if line[0] in ("F", "P")}  # a field, a protocol
    return [name for name in names if name not in known]


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


def _write_pcap(frames: Iterable[Frame]) -> bytes:
    parts = [_FILE_HEADER]
    for frame in frames:
        captured = frame.captured
        seconds, nanoseconds = divmod(captured.time_ns, 10**9)
        parts.append(_RECORD.pack(seconds, nanoseconds, len(captured.data), captured.length))
        parts.append(captured.data)
    return b"".join(parts)


def _tshark(capture: bytes, fields: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    argv = ["tshark", "-n", "-r", "-", *options, "-T", "fields"]
    argv += ["-E", f"separator={_SEPARATOR}", "-E", f"aggregator={_AGGREGATOR}"]
    argv += ["-e", "frame.number", "-e", "frame.protocols"]
    argv += [option for name in fields for option in ("-e", name)]
    yield from _run(argv, capture).split("\n")[:-1]


def _run(argv: Sequence[str], capture: bytes = b"") -> str:
    try:
        done = subprocess.run(argv, input=capture, capture_output=True, check=False)
    except OSError as error:
        raise HostError("tshark is not there", "install it: make lab") from error
    if done.returncode:
        *_, reason = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason"]
        raise LabError(f"tshark cannot read the capture: {reason}")
    return done.stdout.decode(errors="replace")


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
