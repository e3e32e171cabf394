"""What tshark reads in capture files, as fields by name (tshark(1), wireshark-filter(4)).

Every node has a file of its own, since dissectors take a packet that they see twice for a
retransmission. One unknown field name makes tshark refuse all; tests hold the names to its list.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.frames import Frame
from orchestrator.errors import HostError, LabError
from orchestrator.plan.model import Plan
from orchestrator.plan.services import BalancerSettings

# Between fields and between the values of one: neither is in any text that is dissected.
_SEPARATOR, _AGGREGATOR = "\x1e", "\x1f"
_WORKERS = 2
# It reads what is whole of such a file, and still exits with an error.
_CUT_OFF = b"cut short"
# What routers say to each other all the time, and no step tells.
_TALK = "not bfd and not ospf and not bgp"


def dissect(
    files: Iterable[tuple[Path, Sequence[Frame]]], fields: Sequence[str], plan: Plan
) -> list[tuple[Dissection, ...]]:
    """The dissections of each file, in order; ``frames`` are all frames of a file.

    Raises HostError without tshark, LabError where it cannot read a file.
    """
    ports = (f"tcp.port=={port},http" for port in sorted(_http_ports(plan)))
    decode_as = [option for port in ports for option in ("-d", port)]

    def one(entry: tuple[Path, Sequence[Frame]]) -> tuple[Dissection, ...]:
        path, frames = entry
        lines = _tshark(path, fields, decode_as)
        return tuple(_parse(line, fields, frames) for line in lines)

    with ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(one, files))


def _http_ports(plan: Plan) -> set[int]:
    """Where plain HTTP is spoken, which no port number tells of itself."""
    settings = (node.settings for node in plan.nodes.values())
    balancers = [value for value in settings if isinstance(value, BalancerSettings)]
    return {backend.port for value in balancers for backend in (*value.web, *value.apps)}


def _tshark(path: Path, fields: Sequence[str], decode_as: Sequence[str]) -> Iterator[str]:
    argv = ["tshark", "-n", "-r", str(path), "-Y", _TALK, *decode_as, "-T", "fields"]
    argv += ["-E", f"separator={_SEPARATOR}", "-E", f"aggregator={_AGGREGATOR}"]
    argv += ["-e", "frame.number", "-e", "frame.protocols"]
    argv += [option for name in fields for option in ("-e", name)]
    try:
        done = subprocess.run(argv, capture_output=True, check=False)
    except OSError as error:
        raise HostError("tshark is not there", "install it: make lab") from error
    if done.returncode and _CUT_OFF not in done.stderr:
        *_, reason = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason"]
        raise LabError(f"tshark cannot read {path}: {reason}")
    yield from done.stdout.decode(errors="replace").split("\n")[:-1]


def _parse(line: str, fields: Sequence[str], frames: Sequence[Frame]) -> Dissection:
    number, protocols, *values = line.split(_SEPARATOR)
    found = {
        name: tuple(value.split(_AGGREGATOR))
        for name, value in zip(fields, values, strict=True)
        if value
    }
    return Dissection(frames[int(number) - 1], tuple(protocols.split(":")), found)
