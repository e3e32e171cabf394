"""The verb `wireshark`: a run's packets in Wireshark, with a profile made for them."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from orchestrator.cli.common import captures_option, print_note, run_argument, run_folder
from orchestrator.cli.saying import say
from orchestrator.verbs.wireshark import find_capture, prepare, start


@click.command("wireshark")
@run_argument
@click.option("--node", default="", help="Open the file of this node or switch alone.")
@click.option("--print", "only_print", is_flag=True, help="Print the command and do not run it.")
@captures_option
def wireshark_command(given: str | None, node: str, only_print: bool, captures: Path) -> None:
    """Open a run's packets in Wireshark, with a profile for its lab.

    The command is always printed. The profile, Clicklab, is written anew each time: a colour for
    each AS, names for addresses, columns for node and interface, buttons for a journey's steps.
    Works for what lab capture leaves too, and for the trials of a study with --node.
    """
    opening = prepare(find_capture(run_folder(given, captures), node))
    say(shlex.join(opening.command))
    if not (node or opening.deinterlaces):
        print_note(
            "this Wireshark takes what several interfaces saw of one packet for retransmissions, "
            "and decrypts at few of them (4.4 does not): one node's file is better, with --node"
        )
    if not only_print:
        start(opening)
