"""A study's folder → its trials, and of each trial's captures the frames that a study looks at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from orchestrator.analysis.failover.choice import choose_questions
from orchestrator.analysis.failover.sieve import Sieve
from orchestrator.analysis.packets.frames import Captured, Frame, decode
from orchestrator.errors import LabError, UsageError
from orchestrator.plan.codec import plan_from_plain
from orchestrator.plan.model import Plan
from orchestrator.records.pcapng import Direction, read_packets
from orchestrator.records.study import Trial, events_from_lines, samples_from_csv, trial_from_json
from orchestrator.runs.read import UNEXPECTED, unexpected

TRIAL, SAMPLES, EVENTS = "trial.json", "samples.csv", "events.jsonl"
Value = TypeVar("Value")


def list_trials(folder: Path) -> list[Path]:
    """The folders of a study's trials that were begun, in their order.

    Raises UsageError where the folder is no study.
    """
    if not (folder / "scenario.yaml").exists():
        hint = "studies are made by: lab study SCENARIO"
        raise UsageError(f"{folder} is no study: it has no scenario.yaml", hint)
    found = [path.parent for path in folder.glob(f"trial-*/{TRIAL}")]
    return sorted(found, key=lambda path: int(path.name.partition("-")[2]))


def read_plan(folder: Path) -> Plan:
    """The plan of the lab that a study was made in. Raises LabError where it cannot be read."""
    return _read(folder / "plan.json", lambda text: plan_from_plain(json.loads(text)))


def read_trial(folder: Path) -> Trial:
    """A trial from its folder, and first of its notes what its capture has not.

    Raises LabError where it cannot be read.
    """
    samples = _read(folder / SAMPLES, samples_from_csv)
    events = _read(folder / EVENTS, events_from_lines) if (folder / EVENTS).exists() else ()
    trial = _read(folder / TRIAL, lambda text: trial_from_json(json.loads(text), samples, events))
    return replace(trial, notes=(*_note_drops(folder), *trial.notes))


def _note_drops(folder: Path) -> Iterator[str]:
    path = folder / "capture.json"
    capture = _read(path, json.loads) if path.exists() else {}
    drops, packets = capture.get("drops", 0), capture.get("packets", 0)
    if drops:
        yield f"the capture lost {drops} of {packets + drops} packets: what they told is missing"


def _read(path: Path, parse: Callable[[str], Value]) -> Value:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LabError(f"{path} is missing", "run the study again") from error
    except UNEXPECTED as error:
        raise unexpected(path, error, "run the study again") from error


def read_trial_frames(folder: Path, trial: Trial) -> dict[str, tuple[Frame, ...]]:
    """Of each node's capture what routers told each other, and the packets of the questions that
    were chosen; of the many other frames only their headers are looked at.

    Raises LabError for files that are damaged.
    """
    questions = choose_questions(trial)
    return {
        path.stem: tuple(decode(captured) for captured in _sift(path, Sieve(questions)))
        for path in sorted(folder.glob("*.pcapng"))
        if path.stem != "journey"
    }


def _sift(path: Path, sieve: Sieve) -> Iterator[Captured]:
    try:
        for packet in read_packets(path.read_bytes(), sieve.keeps):
            outbound = packet.direction is Direction.OUTBOUND
            interface = packet.interface.partition(":")[2]
            place = (path.stem, interface, packet.number, 0, packet.time_ns, outbound)
            yield Captured(*place, packet.data, packet.original_length)
    except LabError as error:
        raise LabError(f"{path}: {error.message}", error.hint) from error
