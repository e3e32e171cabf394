"""A study's folder → what it found, and the files that tell it. Offline: nothing but the folder.

<study>/study.json  study.csv  samples.csv  study.svg  study.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.analysis.failover.findings import StudyFinding, TrialFinding
from orchestrator.analysis.failover.study import analyse_study
from orchestrator.analysis.failover.trial import analyse_trial
from orchestrator.errors import LabError, UsageError
from orchestrator.files import replace_file, replace_json
from orchestrator.plan.model import Plan
from orchestrator.records.study import Trial
from orchestrator.refusals import writing
from orchestrator.report.failover.page import write_html
from orchestrator.report.failover.plain import to_json
from orchestrator.report.failover.plot import write_svg
from orchestrator.report.failover.tables import write_csv, write_samples
from orchestrator.runs.read_study import (
    list_trials,
    read_asked,
    read_plan,
    read_scenario_text,
    read_trial,
    read_trial_frames,
    read_trial_logs,
)
from orchestrator.runtime.disk.ownership import give_to_user
from orchestrator.spec.scenario_check import read_scenario
from orchestrator.verbs.contradiction import judging


def find_results(folder: Path) -> tuple[StudyFinding, tuple[Trial, ...]]:
    """What a study found, and the trials that show it.

    Raises UsageError where the folder is no study, LabError where it cannot be read.
    """
    with judging(folder):
        return _find_results(folder)


def _find_results(folder: Path) -> tuple[StudyFinding, tuple[Trial, ...]]:
    plan, kept = read_plan(folder), _trials(folder)
    trials = [read_trial(path) for path in kept]
    scenario, document = read_scenario(read_scenario_text(folder), "scenario.yaml")
    findings = [_analyse(*found, plan) for found in zip(kept, trials, strict=True)]
    expected = [
        (spec, document.where("expect", index).line) for index, spec in enumerate(scenario.expect)
    ]
    partial = read_asked(folder).partial
    finding = analyse_study(scenario.name, scenario.about, findings, expected, partial)
    return finding, tuple(trials)


def _trials(folder: Path) -> Sequence[Path]:
    found = list_trials(folder)
    if not found:
        raise UsageError(f"{folder} is a study without a trial", "run it again")
    return found


def _analyse(kept: Path, trial: Trial, plan: Plan) -> TrialFinding:
    return analyse_trial(trial, plan, read_trial_frames(kept, trial, plan), read_trial_logs(kept))


def tell_and_write(folder: Path) -> StudyFinding:
    """Write all that tells a study into its folder. Raises as `find_results` does."""
    finding, trials = find_results(folder)
    written = {
        "study.csv": write_csv(finding),
        "samples.csv": write_samples(trials),
        "study.svg": write_svg(finding, trials),
        "study.html": write_html(finding, trials),
    }
    with writing(folder):
        replace_json(folder / "study.json", {**to_json(finding), "run": folder.name})
        for name, text in written.items():
            replace_file(folder / name, text)
    give_to_user([folder / name for name in ("study.json", *written)])
    return finding


def told_or_kept(folder: Path) -> StudyFinding:
    """The same; a study that cannot be told is kept, and the error says so."""
    try:
        return tell_and_write(folder)
    except LabError as error:
        message = f"{folder} is kept, but cannot be told: {error.message}"
        raise error.retold(message) from error
