"""Captures beside visits: started, left alone, and stopped by a later command.

    <folder>/<node>.pcapng    what the node's interfaces saw; grows while the capture runs
             journey.pcapng   all of it in the order of time; made by `stop`, as what follows
             capture.json     packets and drops, in all and per node, and what was asked for
             plan.json        the lab it was made in, whose names `stop` puts into the captures

Offloads are off meanwhile (runtime/network/offloads.py). The lab's record says what runs, so that
`lab down` ends it too; the nodes' files are whole then, and the others are missing.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.capture.detached import read_outcome, salvage, started_alone
from orchestrator.capture.folder import annotate, new_folder, write_counts, write_journey
from orchestrator.capture.mux import EVERYTHING, CaptureSummary, Options, Tap
from orchestrator.capture.taps import choose_taps, every_tap, ports_of
from orchestrator.errors import DeployError, UsageError, unknown
from orchestrator.files import replace_json
from orchestrator.plan.codec import to_plain
from orchestrator.plan.lookups import find_link
from orchestrator.plan.model import Plan
from orchestrator.refusals import writing
from orchestrator.runtime.disk.captures import (
    add_capture,
    end_capture,
    forget_capture,
    hold_of,
    output_of,
)
from orchestrator.runtime.disk.ownership import give_to_user
from orchestrator.runtime.disk.processes import Process, start_time, working_for
from orchestrator.runtime.disk.state import LabState, RunningCapture
from orchestrator.runtime.engine.client import require_root
from orchestrator.runtime.network.offloads import hold, release
from orchestrator.runtime.network.wiring import namespaces_of


@dataclass(frozen=True)
class Request:
    """What to capture: all interfaces of ``nodes`` and both ends of ``links``, by their names;
    everything where both are empty. ``folder`` is where to; it must be new or empty."""

    folder: Path
    nodes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    options: Options = EVERYTHING


@dataclass(frozen=True)
class Finished:
    """A capture that is no more. ``outcome`` is what it counted, or why that is not known;
    ``by_itself`` says that it had ended before it was stopped; ``note`` why there is no journey."""

    capture: RunningCapture
    outcome: CaptureSummary | str
    by_itself: bool
    note: str = ""


def default_folder(captures: Path) -> Path:
    """A name of its own below ``captures``, in an order that sorts."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return captures / f"{now}-capture-{secrets.token_hex(2)}"


def start(lab: str, request: Request) -> RunningCapture:
    """Start a capture that goes on when this program has ended.

    Raises UsageError for names, a filter or a folder that cannot be, HostError or DeployError
    where this machine or the lab fails; nothing is left behind then.
    """
    require_root()
    state = LabState(lab)
    with state.locked():
        plan = state.plan()
        taps = _chosen(plan, namespaces_of(plan), request)
        captures = state.record().captures
        number = 1 + max((each.id for each in captures), default=0)
        folder = request.folder.absolute()
        _refuse_taken(captures, folder)
        with new_folder(folder), _undone(state, number):
            interfaces = {tap.netns: tap.interfaces for tap in taps}
            hold(interfaces, hold_of(state, number), _ourselves())
            output = output_of(state, number)
            output.parent.mkdir(exist_ok=True)
            worker = working_for(state.folder)
            with started_alone(
                taps, folder, request.options, output, environment=worker
            ) as process:
                hold({}, hold_of(state, number), process)
                capture = _record(number, process, folder, taps, request.options)
                add_capture(state, capture)
    return capture


def _chosen(plan: Plan, namespaces: dict[str, str], request: Request) -> list[Tap]:
    """The taps of what was asked for. Raises UsageError for names that are none."""
    for name in request.nodes:
        if name not in ports_of(plan):
            raise unknown("node or switch", name, ports_of(plan), within=f"in lab '{plan.name}'")
    links = [find_link(plan, name) for name in request.links]
    if not request.nodes and not links:
        return every_tap(plan, namespaces)
    ends = [end.node for link in links for end in (link.a, link.b)]
    gone = [name for name in (*request.nodes, *ends) if name not in namespaces]
    if gone:
        raise DeployError(f"{gone[0]} does not run", "lab status says which nodes run")
    return choose_taps(plan, namespaces, request.nodes, links)


def _refuse_taken(captures: Sequence[RunningCapture], folder: Path) -> None:
    for capture in captures:
        if capture.folder == str(folder):
            hint = "choose another with --output"
            raise UsageError(f"capture {capture.id} writes to {folder}", hint)


@contextmanager
def _undone(state: LabState, number: int) -> Iterator[None]:
    """What a capture took is given back if it does not start."""
    try:
        yield
    except BaseException:
        release(hold_of(state, number))
        forget_capture(state, number)
        raise


def _ourselves() -> Process:
    return Process(os.getpid(), start_time(os.getpid()) or 0)


def _record(
    number: int, process: Process, folder: Path, taps: Sequence[Tap], options: Options
) -> RunningCapture:
    return RunningCapture(
        id=number,
        process=process,
        folder=str(folder),
        nodes=tuple(tap.node for tap in taps),
        interfaces=sum(len(tap.interfaces) for tap in taps),
        filter=options.filter,
        limit_mib=options.limit_mib,
        started_s=time.time(),
    )


def list_captures(lab: str) -> tuple[RunningCapture, ...]:
    """The captures of a lab that were not stopped; some may have ended by themselves."""
    require_root()
    state = LabState(lab)
    state.plan()  # says so where there is no such lab
    return state.record().captures


def bytes_of(capture: RunningCapture) -> int:
    """How large a capture's files are by now."""
    total = 0
    for path in Path(capture.folder).glob("*.pcapng*"):
        with suppress(FileNotFoundError):  # a part that has just made room for another
            total += path.stat().st_size
    return total


def stop(lab: str, number: int | None) -> Finished:
    """Stop a capture, the only one for None, and complete its folder.

    One whose process died is told as such, and what it left is made readable. Raises UsageError
    where there is no such capture, and DeployError where its folder is gone.
    """
    require_root()
    state = LabState(lab)
    with state.locked():
        plan = state.plan()
        capture = _find(state.record().captures, number)
        by_itself = not end_capture(state, capture)
    finished = None
    with suppress(FileNotFoundError):
        finished = _complete(capture, plan, read_outcome(output_of(state, capture.id)), by_itself)
    with state.locked():  # not before: whoever is interrupted can stop it again
        forget_capture(state, capture.id)
    if finished is None:
        raise DeployError(f"{capture.folder} is gone, and what was captured with it")
    return finished


def _find(captures: Sequence[RunningCapture], number: int | None) -> RunningCapture:
    numbers = ", ".join(str(each.id) for each in captures)
    if not captures:
        raise UsageError("no capture runs", "start one: lab capture start")
    if number is None and len(captures) > 1:
        raise UsageError(f"{len(captures)} captures run", f"say which: {numbers}")
    for capture in captures:
        if number in (None, capture.id):
            return capture
    raise UsageError(f"there is no capture {number}", f"there is: {numbers}")


def _complete(
    capture: RunningCapture, plan: Plan, outcome: CaptureSummary | str, by_itself: bool
) -> Finished:
    """Write what belongs beside the nodes' files."""
    folder = Path(capture.folder)
    asked = {"filter": capture.filter, "limit_mib": capture.limit_mib}
    with writing(folder):
        if isinstance(outcome, str):
            salvage(folder)
        write_counts(folder, outcome, {**asked, "started_s": capture.started_s})
        replace_json(folder / "plan.json", to_plain(plan))
        annotate(folder, plan)
        note = write_journey(folder, plan)
    give_to_user([folder, *folder.iterdir()])
    return Finished(capture, outcome, by_itself, note)
