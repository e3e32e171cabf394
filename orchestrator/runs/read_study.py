"""A study's folder → its trials, and of each trial's captures the frames that a study looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from orchestrator.analysis.failover.choice import choose_questions
from orchestrator.analysis.failover.sieve import Sieve
from orchestrator.analysis.packets.frames import Frame, decode
from orchestrator.errors import UsageError
from orchestrator.plan.model import Plan
from orchestrator.records.study import (
    ASKED,
    Asked,
    Trial,
    events_from_lines,
    samples_from_csv,
    trial_from_json,
)
from orchestrator.records.testimony import Counted, LogLine
from orchestrator.runs.captures import find_captures, read_captured
from orchestrator.runs.door import MIB, MOST_CAPTURE, MOST_LOG, Door, open_run, whole_plan
from orchestrator.runs.logs import read_logs

TRIAL, SAMPLES, EVENTS = "trial.json", "samples.csv", "events.jsonl"
AGAIN = "run the study again"
_SCENARIO, _MOST_SCENARIO = "scenario.yaml", 16 * MIB
_PREFIX = "trial-"
Value = TypeVar("Value")


def list_trials(folder: Path) -> list[Path]:
    """The folders of a study's trials that were begun, in their order.

    Raises UsageError where the folder is no study, LabError where one of them is no folder.
    """
    with open_run(folder) as study:
        if not study.folder.has(_SCENARIO):
            hint = "studies are made by: lab study SCENARIO"
            raise UsageError(f"{folder} is no study: it has no {_SCENARIO}", hint)
        names = sorted(filter(_number, study.folder.names()), key=_number)
        return [folder / name for name in names if TRIAL in study.folder.names(within=name)]


def _number(name: str) -> int:
    """Of a trial, from 1; 0 for what is no trial's folder."""
    digits = name.removeprefix(_PREFIX)
    fits = name.startswith(_PREFIX) and digits.isascii() and digits.isdecimal() and len(digits) < 9
    return int(digits) if fits else 0


def read_plan(folder: Path) -> Plan:
    """The plan of the lab that a study was made in. Raises LabError where it cannot be read."""
    with open_run(folder, AGAIN) as study:
        return whole_plan(study)


def read_scenario_text(folder: Path) -> bytes:
    """What a study was asked to do, as written. Raises LabError where it cannot be read."""
    with open_run(folder, AGAIN) as study:
        return study.data(_SCENARIO, _MOST_SCENARIO)


def read_asked(folder: Path) -> Asked:
    """How a study was run. Raises LabError where that cannot be read."""
    with open_run(folder, AGAIN) as study:
        return study.required(ASKED, Asked)


def read_trial(folder: Path) -> Trial:
    """A trial from its folder, and first of its notes what its capture has not.

    Raises LabError where it cannot be read.
    """
    with _open_trial(folder) as kept:
        return _read_trial(kept)


def _open_trial(folder: Path) -> AbstractContextManager[Door]:
    """One of a study's folder, which may be a stranger's: it must be there itself."""
    return open_run(folder, AGAIN, follow=False)


def _read_trial(kept: Door) -> Trial:
    samples = _read(kept, SAMPLES, samples_from_csv)
    events = _read(kept, EVENTS, events_from_lines) if kept.folder.has(EVENTS) else ()
    plain = kept.plain(TRIAL)
    try:
        trial = trial_from_json(plain, samples, events)
    except TypeError as error:
        raise kept.unexpected(TRIAL, error) from error
    return replace(trial, notes=(*_note_drops(kept), *trial.notes))


def _note_drops(kept: Door) -> Iterator[str]:
    capture = kept.optional("capture.json", Counted, "whether packets were missed is not known")
    yield from kept.missing
    if capture is not None and capture.drops:
        drops, packets = capture.drops, capture.packets
        yield f"the capture lost {drops} of {packets + drops} packets: what they told is missing"


def _read(kept: Door, name: str, parse: Callable[[str], Value]) -> Value:
    text = kept.text(name, MOST_LOG)
    try:
        return parse(text)
    except (TypeError, ValueError) as error:
        raise kept.unexpected(name, error) from error


def read_trial_frames(folder: Path, trial: Trial, plan: Plan) -> dict[str, tuple[Frame, ...]]:
    """Of each node's capture what routers told each other, and the packets of the questions that
    were chosen; of the many other frames only their headers are looked at.

    Raises LabError for files that are damaged.
    """
    questions = choose_questions(trial)
    with _open_trial(folder) as kept:
        nodes = find_captures(kept, {*plan.nodes, *plan.switches}, ())
        return {node: tuple(_sift(kept, node, Sieve(questions))) for node in nodes}


def read_trial_logs(folder: Path) -> dict[str, tuple[LogLine, ...]]:
    """What each node's daemons wrote during a trial; {} where that was not kept."""
    with _open_trial(folder) as kept:
        return read_logs(kept)


def _sift(kept: Door, node: str, sieve: Sieve) -> Iterator[Frame]:
    data = kept.data(f"{node}.pcapng", MOST_CAPTURE)
    return (decode(frame) for frame in read_captured(kept, node, data, sieve.keeps) if data)
