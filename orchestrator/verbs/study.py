"""A study from its first trial to its last: a lab of its own or one that runs, and a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.drift import Reality
from orchestrator.errors import LabError, UsageError
from orchestrator.files import replace_json
from orchestrator.plan.codec import to_plain
from orchestrator.plan.model import Plan
from orchestrator.records.in_force import InForce
from orchestrator.records.study import Asked
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.shield import shielded
from orchestrator.studies.breaking import Breaking
from orchestrator.studies.keeping import study_folder, study_name, write_asked
from orchestrator.studies.scenarios import Study
from orchestrator.studies.timeline import TimedFault
from orchestrator.studies.trial import Progress, run_trial
from orchestrator.verbs.down import down
from orchestrator.verbs.fault import await_as_before, heal, in_force, inject
from orchestrator.verbs.up import READY_WITHIN_S, Stages, up

_WELL_WITHIN_S = 30.0
_QUIET = Stages(lambda name: None, lambda name, seconds: None, lambda reasons: None)


@dataclass(frozen=True)
class Order:
    """How a study is to be run. ``reuse``: in the lab that runs under its plan's name; else one
    is booted, and taken down afterwards unless ``keep``."""

    repeats: int
    seed: int
    reuse: bool = False
    keep: bool = False
    boot_within_s: float = READY_WITHIN_S


@dataclass
class Outcome:
    """Where a study's trials are, and what kept it from its end: None where nothing did."""

    folder: Path
    ended_by: BaseException | None = None


def run_study(
    study: Study,
    order: Order,
    captures: Path,
    progress: Progress | None = None,
    stages: Stages = _QUIET,
) -> Outcome:
    """Run every trial, one after the other, in a lab that is as planned before each of them.

    ^C, or a fault that cannot be done, ends it; trials until then are kept, and it is told in the
    outcome. Raises UsageError for a lab that cannot be used, DeployError where none comes up; and
    whatever ends it before there is anything to keep.
    """
    name = study_name(study.scenario.name)
    asked = Asked(study.plan.name, order.repeats, order.seed, study.settings, partial=True)
    outcome = Outcome(captures / name)
    with study_folder(captures, name) as folder, _lab(study.plan, order, stages):
        (folder / "scenario.yaml").write_bytes(study.text)
        replace_json(folder / "plan.json", to_plain(study.plan))
        write_asked(folder, asked)
        try:
            _run_trials(study, order, folder, progress or Progress())
            write_asked(folder, replace(asked, partial=False))
        except (LabError, KeyboardInterrupt) as error:
            if not any(folder.glob("trial-*/trial.json")):
                raise
            told = error.message if isinstance(error, LabError) else ""
            write_asked(folder, replace(asked, error=told))
            outcome.ended_by = error
    return outcome


def _run_trials(study: Study, order: Order, folder: Path, progress: Progress) -> None:
    for number in range(1, order.repeats + 1):
        progress.trial(number, order.repeats)
        kept = folder / f"trial-{number}"
        run_trial(study, number, order.seed, kept, progress, _breaking(study.plan.name))


def _breaking(lab: str) -> Breaking:
    def begin(fault: TimedFault, ready: Callable[[], None]) -> InForce:
        return inject(lab, fault.fault, fault.target, fault.options, ready=ready)

    def mend(entry: InForce) -> None:
        heal(lab, entry, check=False)

    return Breaking(begin, mend, lambda: await_as_before(lab))


@contextmanager
def _lab(plan: Plan, order: Order, stages: Stages) -> Iterator[None]:
    """The lab that a study is run in, as its plan says when the block begins."""
    if order.reuse:
        _require_same(plan)
        yield
        return
    was_up = not up(plan, stages, order.boot_within_s)
    try:
        yield
    finally:
        if not order.keep and not was_up:
            with shielded():
                down(plan.name)


def _require_same(plan: Plan) -> None:
    """Raises UsageError unless the lab that runs is of this plan and, soon, nothing ails it."""
    running = LabState(plan.name).plan()
    if running != plan:
        parts = _parts_that_differ(to_plain(running), to_plain(plan))
        message = f"lab '{plan.name}' is another than the scenario wants: its {parts} differ"
        raise UsageError(message, "leave --name out, and one is booted for it")
    if entries := in_force(plan.name):
        listed = "; ".join(map(str, entries))
        raise UsageError(f"in lab '{plan.name}' is in force: {listed}", "heal it: lab heal --all")
    if ailing := _still_ailing(plan.name):
        listed = "\n".join(f"  {reason}" for reason in ailing[:10])
        raise UsageError(f"lab '{plan.name}' is not as its plan says:\n{listed}", "see: lab status")


def _still_ailing(lab: str) -> tuple[str, ...]:
    """What ails a lab that had time to get over what was before."""
    reality, ailing = Reality(lab), tuple[str, ...]()

    def is_well() -> bool:
        nonlocal ailing
        ailing = reality.still_different()
        return not ailing

    wait_for(is_well, _WELL_WITHIN_S, every_s=0.1)
    return ailing


def _parts_that_differ(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    return ", ".join(key for key in {**one, **other} if one.get(key) != other.get(key))
