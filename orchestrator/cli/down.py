"""The verb `down`: remove what a lab made."""

from __future__ import annotations

import time

import click

from orchestrator.cli import words
from orchestrator.cli.common import agree, chosen_lab, name_option
from orchestrator.verbs.down import down
from orchestrator.verbs.labs import known_labs


@click.command("down")
@click.argument(
    "lab_name",
    required=False,
    default="",
    metavar="[NAME]",
    callback=agree,
    shell_complete=words.labs,
)
@name_option
@click.option("--all", "every", is_flag=True, help="Take down every lab on this machine.")
def down_command(lab_name: str, name: str, every: bool) -> None:
    """Remove everything a lab made, and only that."""
    labs = known_labs()
    name = name or lab_name
    chosen = labs if every or (not name and len(labs) < 2) else [name or chosen_lab("")]
    for lab in chosen:
        started = time.monotonic()
        removed = down(lab)
        seconds = time.monotonic() - started
        if removed or lab in labs:
            click.echo(f"{lab} is down: {removed} containers removed in {seconds:.1f} s")
        else:
            click.echo(f"{lab} was not up")
    if not chosen:
        click.echo("no lab is up")
