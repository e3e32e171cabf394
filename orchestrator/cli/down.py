"""The verb `down`: remove what a lab made."""

from __future__ import annotations

import sys
import time

import click

from orchestrator.cli import words
from orchestrator.cli.common import agree, chosen_lab, name_option
from orchestrator.cli.saying import say
from orchestrator.errors import UsageError
from orchestrator.verbs.down import down, origin_of
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
@click.option("-y", "--yes", is_flag=True, help="Do not ask, whoever booted it.")
def down_command(lab_name: str, name: str, every: bool, yes: bool) -> int:
    """Remove everything a lab made, and only that.

    Without a name it is the only lab there is; if another user booted it, or it was booted in
    another directory, you are asked first.
    """
    labs = known_labs()
    name = name or lab_name
    chosen = labs if every or (not name and len(labs) < 2) else [name or chosen_lab("")]
    if chosen and not (name or every or yes or _may_remove(chosen[0])):
        say(f"{chosen[0]} stays up")
        return 1
    for lab in chosen:
        started = time.monotonic()
        removed = down(lab)
        seconds = time.monotonic() - started
        if removed or lab in labs:
            say(f"{lab} is down: {removed} containers removed in {seconds:.1f} s")
        else:
            others = f"; labs that are: {', '.join(labs)}" if labs else ""
            say(f"{lab} was not up{others}")
    if not chosen:
        say("no lab is up")
    return 0


def _may_remove(lab: str) -> bool:
    """Whether a lab that nobody named may go: it comes from here, or the user says so.

    Raises UsageError where there is nobody to ask.
    """
    origin = origin_of(lab)
    if origin is None or origin.is_here:
        return True
    told = f"lab '{lab}' was not made here: {origin}"
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(told, f"if it is the one you mean: lab down {lab}, or lab down --yes")
    return click.confirm(f"{told}\nTake it down?", err=True)
