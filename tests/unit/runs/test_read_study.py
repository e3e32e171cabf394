"""Folders of studies that are whole, and those that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import LabError, UsageError
from orchestrator.plan.codec import to_plain
from orchestrator.records.study import events_to_lines, samples_to_csv, trial_to_json
from orchestrator.runs.read_study import list_trials, read_plan, read_trial, read_trial_frames
from tests.unit.analysis.builders import at, minimal_plan
from tests.unit.analysis.failover.test_sieve import bfd, echo
from tests.unit.analysis.failover.trying import row, trial
from tests.unit.capture.texts import interface, packet, section

TRIAL = trial(row("...."))
IN, OUT = 1, 2


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of one trial: four pings, of which the last is looked at."""
    (tmp_path / "scenario.yaml").write_text("name: cut\n", encoding="utf-8")
    (tmp_path / "plan.json").write_text(json.dumps(to_plain(minimal_plan())), encoding="utf-8")
    folder = tmp_path / "trial-1"
    folder.mkdir()
    (folder / "trial.json").write_text(json.dumps(trial_to_json(TRIAL)), encoding="utf-8")
    (folder / "samples.csv").write_text(samples_to_csv(TRIAL.samples), encoding="utf-8")
    (folder / "events.jsonl").write_text(events_to_lines(TRIAL.events), encoding="utf-8")
    (folder / "capture.json").write_text('{"packets": 7, "drops": 0}', encoding="utf-8")
    captured = section() + interface("laptop:eth0")
    captured += b"".join(packet(0, at(n * 100 + 1), echo(n), OUT) for n in range(4))
    (folder / "laptop.pcapng").write_bytes(captured)
    talk = [bfd(3, 0), bfd(3, 0), bfd(1, 1)]
    routers = section() + interface("isp:eth0") + interface("isp:eth1")
    routers += b"".join(packet(1, at(n), data, IN) for n, data in enumerate(talk))
    (folder / "isp.pcapng").write_bytes(routers)
    (folder / "journey.pcapng").write_bytes(captured)
    return tmp_path


def test_a_trial_is_read_as_it_was_written(study: Path) -> None:
    (folder,) = list_trials(study)
    assert read_trial(folder) == TRIAL
    assert read_plan(study) == minimal_plan()


def test_of_the_frames_only_those_that_matter_with_their_numbers(study: Path) -> None:
    frames = read_trial_frames(study / "trial-1", TRIAL, minimal_plan())
    (ping,) = frames["laptop"]
    assert (ping.number, ping.time_ns, ping.outbound) == (4, at(301), True)
    assert ping.endpoint == "laptop:eth0"
    assert [(f.number, f.endpoint, f.outbound) for f in frames["isp"]] == [
        (1, "isp:eth1", False),
        (3, "isp:eth1", False),
    ]
    assert set(frames) == {"laptop", "isp"}


def test_what_the_capture_lost_is_said_first(study: Path) -> None:
    capture = {"packets": 990, "drops": 10}
    (study / "trial-1" / "capture.json").write_text(json.dumps(capture), encoding="utf-8")
    notes = read_trial(study / "trial-1").notes
    assert notes[0] == "the capture lost 10 of 1000 packets: what they told is missing"


def test_trials_are_in_their_order_and_those_without_a_record_are_left_out(study: Path) -> None:
    text = (study / "trial-1" / "trial.json").read_text(encoding="utf-8")
    for number in (10, 2):
        (study / f"trial-{number}").mkdir()
        (study / f"trial-{number}" / "trial.json").write_text(text, encoding="utf-8")
    (study / "trial-3").mkdir()
    assert [path.name for path in list_trials(study)] == ["trial-1", "trial-2", "trial-10"]


def test_another_folder_is_no_study(study: Path) -> None:
    with pytest.raises(UsageError, match=r"trial-1 is no study: it has no scenario\.yaml"):
        list_trials(study / "trial-1")


def test_a_file_that_is_missing_or_damaged_is_named(study: Path) -> None:
    samples = study / "trial-1" / "samples.csv"
    samples.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(LabError, match=r"samples\.csv does not read as expected"):
        read_trial(study / "trial-1")
    samples.unlink()
    with pytest.raises(LabError, match=r"samples\.csv is missing"):
        read_trial(study / "trial-1")
    (study / "trial-1" / "isp.pcapng").write_bytes(b"no capture at all")
    with pytest.raises(LabError, match=r"isp\.pcapng: not a pcapng file"):
        read_trial_frames(study / "trial-1", TRIAL, minimal_plan())
