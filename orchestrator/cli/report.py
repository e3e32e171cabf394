"""The verb `report`: a run told again, from its folder alone."""

from __future__ import annotations

import io
from pathlib import Path

import click

from orchestrator.analysis.journey import Journey
from orchestrator.cli.common import captures_option, print_note, run_argument, run_folder
from orchestrator.cli.journey_told import print_journey
from orchestrator.cli.layout import open_output, output_to
from orchestrator.errors import LabError
from orchestrator.files import replace_file
from orchestrator.refusals import cannot_write, why
from orchestrator.verbs.report import analyse, render


@click.command("report")
@run_argument
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["text", "md", "json", "html"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@click.option("--verbose", is_flag=True, help="All that is known of every step.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file instead of the terminal.",
)
@captures_option
def report_command(
    given: str | None, wanted: str, verbose: bool, output: Path | None, captures: Path
) -> None:
    """Tell a run again, offline: step by step, with its proofs.

    Renews journey.html, journey.md and journey.json in the run's folder, where that can be written.
    """
    folder = run_folder(given, captures)
    journey, evidence = analyse(folder)
    texts = render(folder, journey, evidence)
    _renew(folder, texts)
    if wanted == "text" and output is None:
        print_journey(open_output(), journey, folder=folder, verbose=verbose)
        return
    text = _as_text(journey, folder, verbose) if wanted == "text" else texts[f"journey.{wanted}"]
    if output is None:
        click.echo(text, nl=False)  # safe as it stands in its file
    else:
        _write(output, text)


def _renew(folder: Path, texts: dict[str, str]) -> None:
    try:
        for name, text in texts.items():
            replace_file(folder / name, text)
    except (LabError, OSError) as error:
        reason = error.message if isinstance(error, LabError) else why(error)
        print_note(f"{folder} is left as it is: {reason}")


def _as_text(journey: Journey, folder: Path, verbose: bool) -> str:
    page = io.StringIO()
    print_journey(output_to(page), journey, folder=folder, verbose=verbose)
    return page.getvalue()


def _write(path: Path, text: str) -> None:
    try:
        replace_file(path, text)
    except OSError as error:
        raise cannot_write(path, error, "--output") from error
