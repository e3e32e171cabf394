"""A run folder → Evidence. What must be there is the record, the plan and the captures."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from orchestrator.analysis.evidence import Evidence
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.steps import fields
from orchestrator.errors import LabError, UsageError
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import RouterSettings, RouteServerSettings, RpkiSettings
from orchestrator.plan.services import HostSettings
from orchestrator.records.browsing import Har, NetLog, Timeline
from orchestrator.records.keylog import keyed
from orchestrator.records.testimony import Counted, Facts, LogLine
from orchestrator.records.visit import Visit
from orchestrator.runs.captures import find_captures, read_captures
from orchestrator.runs.dissect import Dissect, dissecting
from orchestrator.runs.door import MIB, Door, open_run, whole_plan
from orchestrator.runs.keyless import find_keyless, tell_keyless
from orchestrator.runs.logs import read_logs
from orchestrator.runs.pictures import list_film

# The format of run folders. 1 had no facts.json and no logs.
FORMAT = 2
_PARTS = ("visit.json", "plan.json")
_MOST_KEYS = 64 * MIB
_BYSTANDERS = (HostSettings, RouterSettings, RouteServerSettings, RpkiSettings)

# Starts what reads some fields, with TLS secrets, while the frames are still to come.
Dissector = Callable[[Sequence[str], Plan, Path], AbstractContextManager[Dissect]]


def read_run(folder: Path, dissector: Dissector = dissecting) -> Evidence:
    """The evidence of a run; who reads its packets may be another than tshark.

    Raises UsageError where the folder is no run, LabError where what it holds cannot be read.
    What a run may lack (HAR, keys, logs) is told in ``missing``.
    """
    _require_run(folder)
    with open_run(folder) as door:
        return _read(door, dissector)


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


def _read(door: Door, dissector: Dissector) -> Evidence:
    facts = _facts(door)
    visit = door.required("visit.json", Visit)
    plan = _plan(door, visit)
    counted = _counted(door)
    counts = counted.per_node if counted else {}
    keys = _keys(door, visit)
    # The folder's own might be a link or a FIFO by now, and tshark opens what it is told to. In
    # memory, so that whatever ends us leaves no keys behind.
    with os.fdopen(os.memfd_create("keys"), "wb") as ours:
        ours.write(keys)
        ours.flush()
        readable = Path(f"/proc/{os.getpid()}/fd/{ours.fileno()}")
        with dissector(fields(), plan, readable) as dissect:
            captured = read_captures(door, _files(door, plan, visit, counts), counts)
            dissections = dissect(_dissected(plan, visit.node, captured.frames))
    logs = _logs(door, plan, facts)
    keyless = find_keyless(dissections.get(visit.node, ()), keys) if keys else ()
    door.missing.extend(tell_keyless(keyless))
    list_film(door)
    browsed = visit.client == "chromium"
    return Evidence(
        visit=visit,
        plan=plan,
        frames=captured.frames,
        dissections=dissections,
        har=_browsers(door, "visit.har", Har, browsed or visit.status is not None),
        timeline=_browsers(door, "timeline.json", Timeline, browsed),
        netlog=_browsers(door, "netlog.json", NetLog, browsed),
        logs=logs,
        forwarding=facts.forwarding if facts else {},
        translations=facts.translations if facts else {},
        in_force=facts.in_force if facts else (),
        packets=counted.packets if counted else 0,
        drops=counted.drops if counted else 0,
        has_keys=bool(keys),
        keyless=frozenset(entry.stream for entry in keyless),
        ends_ns=captured.ends_ns,
        missing=tuple(door.missing),
    )


def _plan(door: Door, visit: Visit) -> Plan:
    """The plan, which has the visitor. Raises LabError."""
    plan = whole_plan(door)
    if visit.node not in plan.nodes:
        reason = ValueError(f"its visitor is '{visit.node[:40]}', of which plan.json knows nothing")
        raise door.unexpected("visit.json", reason)
    return plan


def _facts(door: Door) -> Facts | None:
    """Older runs are told with what they have. Raises LabError for those of a newer version."""
    if not door.folder.has("facts.json"):
        door.missing.append(
            "facts.json is missing: which routes and translations were in force is not told"
            if door.folder.has("logs")
            else "this run was made by an older version of Clicklab: its logs, forwarding tables "
            "and NAT were not kept, and its steps are told without them"
        )
        return None
    try:
        plain = door.plain("facts.json")
        found = plain.get("format", 1) if isinstance(plain, dict) else 1
        if isinstance(found, int) and found > FORMAT:
            hint = "tell it with the version that made it, or a newer one"
            newer = f"{door.path} was made by a newer version of Clicklab (format {found})"
            raise UsageError(newer, hint)
        return door.fitted("facts.json", Facts, plain)
    except UsageError:
        raise
    except LabError as error:
        door.lack("facts.json", error, "routes and translations are not told")
        return None


def _counted(door: Door) -> Counted | None:
    return door.optional("capture.json", Counted, "whether packets were missed is not known")


def _files(door: Door, plan: Plan, visit: Visit, counted: Collection[str]) -> list[str]:
    """The nodes and switches whose captures are read; those that should be there are noted."""
    known = {*plan.nodes, *plan.switches}
    wanted = {visit.node, *(known & set(counted))}
    return find_captures(door, known, wanted)


def _keys(door: Door, visit: Visit) -> bytes:
    """TLS secrets in NSS key log format, b"" without."""
    try:
        found = door.folder.read("keys.log", _MOST_KEYS) or b""
    except LabError as error:
        door.lack("keys.log", error, "what was encrypted stays so")
        return b""
    if keyed(found):
        return found
    if visit.timings_ms.tls is not None:
        door.missing.append("this run has no TLS keys: what was encrypted stays so")
    return b""


def _browsers(door: Door, name: str, cls: type, wanted: bool) -> Mapping[str, object]:
    without = "what the browser said in it is not told" if wanted else ""
    return door.optional(name, cls, without) or {}


def _dissected(
    plan: Plan, client: str, frames: Mapping[str, tuple[Frame, ...]]
) -> dict[str, tuple[Frame, ...]]:
    """Of the nodes that end connections; routers and switches only pass them on, and what other
    hosts do is no part of the visit."""
    return {
        name: frames[name]
        for name, node in plan.nodes.items()
        if name in frames and (name == client or not isinstance(node.settings, _BYSTANDERS))
    }


def _logs(door: Door, plan: Plan, facts: Facts | None) -> dict[str, tuple[LogLine, ...]]:
    if facts is not None and not door.folder.has("logs"):
        door.missing.append("logs is missing: what daemons wrote is not told")
    return {node: lines for node, lines in read_logs(door).items() if node in plan.nodes}
