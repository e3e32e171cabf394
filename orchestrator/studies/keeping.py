"""What a study leaves on disk, and how each file is written.

    captures/<stamp>-study-<name>-<hex>/
      scenario.yaml  plan.json
      asked.json     how often, with what seed and settings, in which lab; whether it was cut short
      trial-<n>/     trial.json (a Trial without what follows), samples.csv, events.jsonl,
                     <node>.pcapng, capture.json, logs/<node>.log, visits/

The folder appears under its name when the study is over; until then its name starts with a dot.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.files import replace_json
from orchestrator.plan.codec import to_plain
from orchestrator.records.study import (
    ASKED,
    Asked,
    Trial,
    events_to_lines,
    samples_to_csv,
    trial_to_json,
)
from orchestrator.refusals import writing
from orchestrator.runtime.disk.ownership import give_to_user
from orchestrator.runtime.disk.unfinished import folder_in_making


def study_name(scenario: str) -> str:
    """When and what, in an order that sorts, and unlike any other run."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{now}-study-{re.sub(r'[^a-z0-9.]+', '-', scenario)}-{secrets.token_hex(2)}"


@contextmanager
def study_folder(captures: Path, name: str) -> Iterator[Path]:
    """A folder to fill, which gets its name however the block ends, if there is a trial in it.

    Raises HostError where nothing can be written.
    """
    with writing(captures, "--captures"), folder_in_making(captures, name) as folder:
        yield folder
    give_to_user((captures / name, *(captures / name).rglob("*")))


def write_asked(folder: Path, asked: Asked) -> None:
    """Write asked.json into a study's folder."""
    replace_json(folder / ASKED, to_plain(asked))


def write_trial(folder: Path, trial: Trial) -> None:
    """Write trial.json, samples.csv and events.jsonl into a trial's folder."""
    (folder / "samples.csv").write_text(samples_to_csv(trial.samples), encoding="utf-8")
    (folder / "events.jsonl").write_text(events_to_lines(trial.events), encoding="utf-8")
    # Last, and all at once: a folder that has it is whole.
    replace_json(folder / "trial.json", trial_to_json(trial))
