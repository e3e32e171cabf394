"""A run folder → Evidence. What must be there is the record, the plan and the captures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.analysis.evidence import Dissection, Evidence
from orchestrator.analysis.packets.frames import Captured, Frame, decode
from orchestrator.analysis.steps import fields
from orchestrator.errors import LabError, UsageError
from orchestrator.plan.codec import from_plain, plan_from_plain
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import RouterSettings, RouteServerSettings, RpkiSettings
from orchestrator.plan.services import HostSettings
from orchestrator.records.pcapng import Direction, is_truncated, read_packets
from orchestrator.records.testimony import ForwardingEntry, LogLine, Translation
from orchestrator.records.visit import from_json
from orchestrator.runs.dissect import dissect

# The format of run folders. 1 had no facts.json and no logs.
FORMAT = 2
# What reading raises where something else is written than we would have.
UNEXPECTED = (KeyError, TypeError, ValueError, StopIteration, AssertionError)
_PARTS = ("visit.json", "plan.json")
_BYSTANDERS = (HostSettings, RouterSettings, RouteServerSettings, RpkiSettings)


def read_run(folder: Path) -> Evidence:
    """The evidence of a run.

    Raises UsageError where the folder is no run, LabError where what it holds cannot be read.
    What a run may lack (HAR, keys, logs) is told in ``missing``.
    """
    _require_run(folder)
    visit = _read(folder / "visit.json", from_json)
    plan = _read(folder / "plan.json", plan_from_plain)
    missing: list[str] = []
    frames = read_frames(folder, missing)
    facts = _optional(folder / "facts.json", dict) or {}
    _note_format(folder, facts, missing)
    capture = _optional(folder / "capture.json", dict) or {}
    keys = folder / "keys.log"
    has_keys = keys.exists() and keys.stat().st_size > 0
    if not has_keys and visit.timings_ms.tls is not None:
        missing.append("this run has no TLS keys: what was encrypted stays so")
    return Evidence(
        visit=visit,
        plan=plan,
        frames=frames,
        dissections=_dissections(folder, plan, visit.node, frames),
        har=_optional(folder / "visit.har", dict) or {},
        timeline=_optional(folder / "timeline.json", dict) or {},
        netlog=_optional(folder / "netlog.json", dict) or {},
        logs=read_logs(folder),
        forwarding=_by_node(ForwardingEntry, facts.get("forwarding", {})),
        translations=_by_node(Translation, facts.get("translations", {})),
        packets=capture.get("packets", 0),
        drops=capture.get("drops", 0),
        has_keys=has_keys,
        missing=tuple(missing),
    )


def _require_run(folder: Path) -> None:
    if folder.is_file():
        hint = "a run is the folder that lab visit leaves, with its plan and its record"
        raise UsageError(f"{folder} is a file, not a run", hint)
    if not folder.is_dir():
        raise UsageError(f"there is no run {folder}", "runs are folders: ls captures/")
    lacking = [name for name in _PARTS if not (folder / name).exists()]
    if folder.name.startswith(".") and folder.name != ".":
        hint = "it appears under its name when it is whole; visit again"
        raise UsageError(f"{folder} was left half written", hint)
    if lacking:
        message = f"{folder} is no run: it has no {lacking[0]}"
        raise UsageError(message, "runs are made by: lab visit")


def _note_format(folder: Path, facts: Mapping[str, Any], missing: list[str]) -> None:
    """Older runs are told with what they have. Raises LabError for those of a newer version."""
    found = facts.get("format", 1)
    if found > FORMAT:
        hint = "tell it with the version that made it, or a newer one"
        raise LabError(f"{folder} was made by a newer version of Clicklab (format {found})", hint)
    if found < FORMAT:
        missing.append(
            "this run was made by an older version of Clicklab: its logs, forwarding tables and "
            "NAT were not kept, and its steps are told without them"
        )


def _read(path: Path, parse: Callable[[Any], Any]) -> Any:
    """A file that must be there. Raises LabError, with the line where JSON ends."""
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise LabError(f"{place}: not whole: {error.msg}", "visit again") from error
    except UNEXPECTED as error:
        raise unexpected(path, error, "visit again") from error


def unexpected(path: Path, error: Exception, again: str) -> LabError:
    """The error for a file that holds something else than what we write; one of `UNEXPECTED`."""
    lacks = f": it has no {error}" if isinstance(error, KeyError) else ""
    hint = f"it may be of another version of Clicklab: {again}"
    return LabError(f"{path} does not read as expected{lacks}", hint)


def _optional(path: Path, parse: Callable[[Any], Any]) -> Any:
    return _read(path, parse) if path.exists() else None


def read_frames(folder: Path, missing: list[str]) -> dict[str, tuple[Frame, ...]]:
    """All frames by node, decoded, with their numbers in journey.pcapng.

    What cannot be known is added to ``missing``. Raises LabError for files that are damaged.
    """
    captured: list[Captured] = []
    nodes: list[str] = []
    for path in sorted(folder.glob("*.pcapng")):
        if path.stem != "journey":
            nodes.append(path.stem)
            captured += _captured(path, missing)
    # As in journey.pcapng: by time; what was seen at the same nanosecond, by node and number.
    captured.sort(key=lambda c: c.time_ns)
    frames: dict[str, list[Frame]] = {node: [] for node in nodes}
    for place, entry in enumerate(captured, start=1):
        frames[entry.node].append(decode(entry._replace(journey=place)))
    for found in frames.values():
        found.sort(key=lambda frame: frame.captured.number)
    return {node: tuple(found) for node, found in frames.items()}


def _captured(path: Path, missing: list[str]) -> Iterator[Captured]:
    data = path.read_bytes()
    try:
        if is_truncated(data):
            missing.append(f"{path.name} was cut off: its last frames are not there")
        for packet in read_packets(data):
            outbound = packet.direction is Direction.OUTBOUND
            interface = packet.interface.partition(":")[2]
            place = (path.stem, interface, packet.number, 0, packet.time_ns, outbound)
            yield Captured(*place, packet.data, packet.original_length)
    except LabError as error:
        raise LabError(f"{path}: {error.message}", error.hint) from error


def _dissections(
    folder: Path, plan: Plan, client: str, frames: Mapping[str, tuple[Frame, ...]]
) -> dict[str, tuple[Dissection, ...]]:
    """Of the nodes that end connections; routers and switches only pass them on, and what other
    hosts do is no part of the visit."""
    chosen = {
        name: frames[name]
        for name, node in plan.nodes.items()
        if name in frames and (name == client or not isinstance(node.settings, _BYSTANDERS))
    }
    return dissect(chosen, fields(), plan, folder / "keys.log")


def read_logs(folder: Path) -> dict[str, tuple[LogLine, ...]]:
    """What each node's daemons wrote; {} where that was not kept."""
    return {
        path.stem: tuple(_log_lines(path.read_text(encoding="utf-8", errors="replace")))
        for path in sorted((folder / "logs").glob("*.log"))
    }


def _log_lines(text: str) -> Iterator[LogLine]:
    """Each line after the time, in nanoseconds, that stands before it."""
    for number, line in enumerate(text.splitlines(), start=1):
        time_ns, _, said = line.partition(" ")
        yield LogLine(number, int(time_ns) if time_ns.isdecimal() else 0, said)


def _by_node(cls: type, plain: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {node: tuple(from_plain(cls, entry) for entry in rows) for node, rows in plain.items()}
