"""What a study leaves on disk: kept where there is something, gone where not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import HostError
from orchestrator.records.study import Asked, FaultEvent, NetworkEvent, ProbeRun, Sample, Trial
from orchestrator.runs.read_study import list_trials, read_asked, read_trial
from orchestrator.studies.keeping import (
    study_folder,
    study_name,
    write_asked,
    write_trial,
)

TRIAL = Trial(
    number=1,
    started_ns=10,
    ended_ns=90,
    probes=(ProbeRun("ping", "icmp", "laptop", "www.example.com", 10.0, 500.0),),
    samples=(
        Sample("ping", 0, 10, 11, 1.5, source="192.0.2.1", target="192.0.2.2"),
        Sample("ping", 1, 20, 21, None, "lost"),
    ),
    faults=(FaultEvent("link-down", "a--b", {"from": "a"}, 30, 31, 40, 41, 50),),
    events=(NetworkEvent(33, "a", "link", "down", "eth0", {"carrier": False}),),
    partial=True,
    notes=("a note",),
)


def test_a_trial_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "trial-1"
    folder.mkdir()
    write_trial(folder, TRIAL)
    (folder / "capture.json").write_text("{}")
    assert read_trial(folder) == TRIAL


def test_what_was_asked_is_read_as_it_was_written(tmp_path: Path) -> None:
    asked = Asked("lab", 5, 7, ("routing.bfd=false",), partial=True, error="why")
    write_asked(tmp_path, asked)
    assert read_asked(tmp_path) == asked


def test_a_study_gets_its_name_when_it_is_over(tmp_path: Path) -> None:
    with study_folder(tmp_path, "one") as folder:
        (folder / "trial-1").mkdir()
        (folder / "scenario.yaml").write_text("name: x")
        write_trial(folder / "trial-1", TRIAL)
        assert not (tmp_path / "one").exists()
    assert [path.name for path in list_trials(tmp_path / "one")] == ["trial-1"]


def test_a_study_that_is_interrupted_keeps_its_trials(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "trial-1").mkdir()
        write_trial(folder / "trial-1", TRIAL)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), study_folder(tmp_path, "one") as folder:
        interrupted(folder)
    assert json.loads((tmp_path / "one" / "trial-1" / "trial.json").read_text())["partial"]


def test_a_study_without_a_trial_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), study_folder(tmp_path, "one"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(HostError, match="cannot write"), study_folder(file, "one"):
        pass


def test_names_sort_by_time_and_differ() -> None:
    names = {study_name("transit-cut") for _ in range(20)}
    assert len(names) == 20
    assert all("-study-transit-cut-" in name for name in names)
