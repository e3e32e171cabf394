"""Scenarios on disk: found by path or by name, read, and checked against the lab they want.

Nothing is started, and no privilege is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import SpecError, UsageError, nearest, unknown
from orchestrator.loading import load, read_written
from orchestrator.plan.model import Plan
from orchestrator.shipped import shipped_scenarios, shipped_topologies
from orchestrator.spec.document import Document
from orchestrator.spec.scenario import Scenario
from orchestrator.spec.scenario_check import read_scenario
from orchestrator.studies.against_plan import place_faults, problems_with_plan
from orchestrator.studies.timeline import TimedFault
from orchestrator.visible import brief_line


@dataclass(frozen=True)
class Study:
    """A scenario that can be run. ``plan`` is that of the lab it wants, under that lab's name;
    ``settings`` are all that was put into its topology."""

    scenario: Scenario
    document: Document
    text: bytes
    plan: Plan
    faults: tuple[TimedFault, ...]
    settings: tuple[str, ...]


def scenario_path(given: str) -> Path:
    """The file a user means: a path, or the name of a shipped scenario. Raises UsageError."""
    shipped, path = shipped_scenarios(), Path(given)
    if path.is_dir():
        raise UsageError(f"{given} is a directory, not a scenario", "name the file in it")
    if path.exists():
        return path
    if given in shipped:
        return shipped[given]
    raise unknown("scenario", given, shipped, hint="shipped ones: lab study list")


def lab_of(scenario: Scenario) -> str:
    """What a lab is called that is booted for a scenario alone."""
    return f"study-{scenario.name}"[:63].rstrip("-")


def load_study(path: Path, lab: str = "", settings: Iterable[str] = ()) -> Study:
    """A scenario that was found to be good. Raises SpecError with every mistake of a phase.

    ``settings`` are put into the topology after the scenario's own; ``lab`` is the name of the
    lab it will be run in, its own one by default.
    """
    text = read_written(path, "topologies/scenarios/")
    scenario, document = read_scenario(text, str(path))
    plan = _plan(scenario, document, path.parent, lab or lab_of(scenario), tuple(settings))
    faults, problems = place_faults(scenario, document, plan)
    problems += problems_with_plan(scenario, document, plan)
    if problems:
        raise SpecError(problems)
    return Study(scenario, document, text, plan, faults, (*scenario.settings, *settings))


def _plan(
    scenario: Scenario, document: Document, folder: Path, lab: str, settings: tuple[str, ...]
) -> Plan:
    try:
        return load(_topology(scenario, document, folder), lab, (*scenario.settings, *settings))
    except UsageError as error:
        raise _misplaced(scenario, document, error.message, error.hint) or error from None
    except SpecError as error:
        for problem in error.problems:
            if placed := _misplaced(scenario, document, str(problem), problem.hint):
                raise placed from None
        raise


def _topology(scenario: Scenario, document: Document, folder: Path) -> Path:
    """A file beside the scenario, or a shipped one by its name."""
    shipped = {path.stem: path for path in shipped_topologies().glob("*.yaml")}
    beside = folder / scenario.topology
    if _is_file(beside):
        return beside
    if scenario.topology in shipped:
        return shipped[scenario.topology]
    listed = f"shipped are: {', '.join(sorted(shipped))}"
    hint = nearest(scenario.topology, shipped, listed)
    message = f"there is no topology '{scenario.topology}', nor a file of this name beside this one"
    raise SpecError([document.problem(message, "topology", hint=hint)])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than files have
        return False


def _misplaced(scenario: Scenario, document: Document, told: str, hint: str) -> SpecError | None:
    """What is wrong with a setting of the scenario's own, at its place in the scenario."""
    told = brief_line(told)
    for key, value in scenario.set_.items():
        setting = brief_line(f"--set {key}={value}")
        if told.startswith(setting):
            said = told.removeprefix(setting).removeprefix(":1:1: error").removeprefix(":").strip()
            message = said.removesuffix(f"; {hint}") if hint else said
            return SpecError([document.problem(message, "set", key, hint=hint)])
    return None
