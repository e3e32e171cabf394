"""The verb `mend`: a lab that drifted is brought back to its plan."""

from __future__ import annotations

import time

import click

from orchestrator.cli.common import chosen_lab, name_option
from orchestrator.cli.saying import say
from orchestrator.verbs.mend import mend


@click.command("mend")
@name_option
def mend_command(name: str) -> None:
    """Bring a lab that was changed by hand back to its plan.

    Says what is done. Links are made anew, files written again, and nodes that still differ
    started anew. Faults are healed by 'lab heal'.
    """
    lab, started = chosen_lab(name), time.monotonic()
    if mend(lab, say):
        say(f"the lab is as its plan says, after {time.monotonic() - started:.1f} s")
    else:
        say("the lab is as its plan says: there is nothing to mend")
