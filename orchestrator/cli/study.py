"""The verb `study`: a timeline of faults under continuous probes, measured and judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from orchestrator.cli import words
from orchestrator.cli.common import (
    Seconds,
    captures_option,
    chosen_lab,
    json_option,
    option_to_name,
    print_json,
    settings_option,
)
from orchestrator.cli.groups import Group
from orchestrator.cli.layout import open_output
from orchestrator.cli.saying import say
from orchestrator.cli.tables import Column
from orchestrator.errors import LabError, UsageError
from orchestrator.shipped import shipped_scenarios
from orchestrator.studies.scenarios import load_study, scenario_path

_INTERRUPTED = 130


class _FileOrVerb(Group):
    """What is not the name of a verb below is the scenario to run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Verbs, and whatever `run` takes."""
        scenario = self.commands["run"].params[0]
        return [
            *scenario.shell_complete(ctx, incomplete),
            *super().shell_complete(ctx, incomplete),
        ]


@click.group("study", cls=_FileOrVerb, subcommand_metavar="[FILE | VERB] [OPTIONS]")
def study_command() -> None:
    """Break a lab on a timeline, and measure what its users notice.

    \b
    lab study list                       the scenarios that come with Clicklab
    lab study transit-cut                run one, or a file: trials, then verdicts
    lab study transit-cut --name LAB     … in a lab that runs
    lab study check FILE                 is it good? nothing is started
    lab study report [RUN]               tell it again, offline
    lab study compare RUN RUN            two studies side by side
    """


_scenario_argument = click.argument("scenario", metavar="FILE", shell_complete=words.scenarios)


@study_command.command("run", hidden=True)
@_scenario_argument
@settings_option
@click.option("--repeats", type=click.IntRange(1, 1000), help="How many trials.")
@click.option("--seed", type=int, help="Of the pauses before faults.")
@option_to_name("Run it in this lab, which must be up and well.")
@click.option("--keep", is_flag=True, help="Leave the lab that was booted for it as it is.")
@click.option(
    "--timeout",
    type=Seconds(),
    metavar="SECONDS",
    help="How long the lab may take to be ready.",
)
@captures_option
@json_option
def run_command(
    scenario: str,
    settings: tuple[str, ...],
    repeats: int | None,
    seed: int | None,
    name: str,
    keep: bool,
    timeout: float | None,
    captures: Path,
    as_json: bool,
) -> int:
    """Run a scenario, a file or a shipped one by its name. Exits 1 if it does not pass."""
    from orchestrator.cli.study_told import print_study, told_progress
    from orchestrator.verbs.study import Order, run_study
    from orchestrator.verbs.study_report import told_or_kept
    from orchestrator.verbs.up import READY_WITHIN_S

    study = load_study(scenario_path(scenario), chosen_lab(name) if name else "", settings)
    if repeats is not None:
        study = dataclasses.replace(
            study, scenario=study.scenario.model_copy(update={"repeats": repeats})
        )
    order = Order(
        repeats=study.scenario.repeats,
        seed=study.scenario.seed if seed is None else seed,
        reuse=bool(name),
        keep=keep,
        boot_within_s=timeout or READY_WITHIN_S,
    )
    with told_progress() as (progress, stages):
        outcome = run_study(study, order, captures, progress, stages)
    finding = told_or_kept(outcome.folder)
    print_study(finding, outcome.folder, as_json)
    if isinstance(outcome.ended_by, LabError):
        raise outcome.ended_by
    if outcome.ended_by is not None:
        say("lab: interrupted; what was measured until then is kept", err=True)
        return _INTERRUPTED
    return 0 if finding.passed else 1


@study_command.command("check")
@_scenario_argument
@settings_option
@json_option
def check_command(scenario: str, settings: tuple[str, ...], as_json: bool) -> None:
    """Validate a scenario; nothing is started."""
    path = scenario_path(scenario)
    study = load_study(path, settings=settings)
    counts = {"probes": len(study.scenario.probes), "faults": len(study.faults)}
    seconds = study.scenario.duration * study.scenario.repeats / 1e3
    if as_json:
        told = {"scenario": str(path), "name": study.scenario.name, **counts}
        print_json(
            {**told, "repeats": study.scenario.repeats, "duration_ms": study.scenario.duration}
        )
    else:
        probes, faults = (f"{n} {what[:-1] if n == 1 else what}" for what, n in counts.items())
        open_output().say(f"{path}: good: {probes}, {faults}, {seconds:g} s of trials")


@study_command.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the scenarios that come with Clicklab."""
    from orchestrator.spec.scenario_check import read_scenario

    found = {
        name: read_scenario(path.read_bytes(), str(path))[0]
        for name, path in shipped_scenarios().items()
    }
    if as_json:
        print_json([{"name": name, "about": each.about} for name, each in found.items()])
        return
    columns = (Column("scenario"), Column("what happens", least=24))
    open_output().table(columns, [(name, each.about) for name, each in found.items()])


@study_command.command("report")
@click.argument(
    "given",
    required=False,
    metavar="[RUN: a study's folder; default: the newest]",
    shell_complete=words.studies,
)
@captures_option
@json_option
def report_command(given: str | None, captures: Path, as_json: bool) -> int:
    """Tell a study again, offline, and write its report. Exits 1 if it did not pass."""
    from orchestrator.cli.study_told import print_study
    from orchestrator.verbs.study_report import tell_and_write

    folder = study_folder(given, captures)
    finding = tell_and_write(folder)
    print_study(finding, folder, as_json)
    return 0 if finding.passed else 1


@study_command.command("compare")
@click.argument("one", metavar="RUN", shell_complete=words.studies)
@click.argument("other", metavar="RUN", shell_complete=words.studies)
@captures_option
@json_option
def compare_command(one: str, other: str, captures: Path, as_json: bool) -> None:
    """Put two studies side by side: outages, losses, recovery."""
    from orchestrator.cli.study_told import print_comparison
    from orchestrator.verbs.study_report import find_results

    folders = [study_folder(given, captures) for given in (one, other)]
    print_comparison([find_results(folder)[0] for folder in folders], folders, as_json)


def study_folder(given: str | None, captures: Path) -> Path:
    """The study a user means: a folder, a name or its beginning below ``captures``, the newest.

    Raises UsageError where there is none.
    """
    if given is not None and Path(given).is_dir():
        return Path(given)
    known = sorted(path.parent.name for path in captures.glob("[!.]*/scenario.yaml"))
    matching = [name for name in known if given is None or given in name]
    if not matching:
        what = "no study yet" if given is None else f"no study '{given}'"
        raise UsageError(f"there is {what} in {captures}/", _newest(known))
    return captures / matching[-1]


def _newest(known: Sequence[str]) -> str:
    return f"the newest is '{known[-1]}'" if known else "make one: lab study transit-cut"
