"""The verb `compare`: two runs side by side, from their folders alone."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.analysis.figures.compare import compare_journeys
from orchestrator.cli import words
from orchestrator.cli.common import DEFAULT_CAPTURES, json_option, print_json
from orchestrator.cli.compare_told import Comparison, comparison_to_plain, print_comparison
from orchestrator.cli.layout import open_output
from orchestrator.cli.lines import styled
from orchestrator.verbs.report import tell


@click.command("compare")
@click.argument("first", shell_complete=words.runs)
@click.argument("second", shell_complete=words.runs)
@click.option(
    "--captures",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_CAPTURES,
    show_default=True,
    help="Where runs are kept.",
)
@json_option
def compare_command(first: str, second: str, captures: Path, as_json: bool) -> None:
    """Compare two runs: their figures, and what the second saved.

    And what saved it. A run is a folder, or the name of one below --captures. No lab is needed.
    """
    journeys = [tell(find_run(captures, run)) for run in (first, second)]
    comparison = Comparison([journey.visit for journey in journeys], compare_journeys(*journeys))
    if as_json:
        print_json(comparison_to_plain(comparison))
        return
    output = open_output()
    for place, journey in zip(("first", "second"), journeys, strict=True):
        output.say(f"{journey.visit.url}, {journey.visit.run}", f"{place}: ", 2)
        for warning in journey.warnings:
            output.say(styled(warning, "yellow"), "  ")
    print_comparison(output, comparison)


def find_run(captures: Path, run: str) -> Path:
    """The folder that is meant by a path, or by a name below ``captures``.

    A folder that is not there is left for its reader to complain of.
    """
    return Path(run) if Path(run).exists() or "/" in run else captures / run
