"""The verb `console`: Mininet's command line over a running lab."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from orchestrator.cli.common import chosen_lab, name_option
from orchestrator.cli.saying import say

_ENDED_BY_SIGNAL = 128


@click.command("console")
@name_option
@click.argument("script", required=False, type=click.Path(exists=True, dir_okay=False))
def console_command(name: str, script: str | None) -> None:
    """Open Mininet's command line over a running lab.

    Quitting leaves the lab up.

    \b
    nodes, net, links, dump         what there is
    laptop ping -c1 www.example.com a command in a node
    pingall, iperf laptop edge-fra  measure
    link alder-core tundra-fra down pull a cable
    py laptop.IP()                  Python
    help, exit

    SCRIPT holds commands to run instead of asking for them.
    """
    # In this order: ours says how to get Mininet where it is missing.
    from orchestrator.mininet import CLI, net  # isort: split
    from mininet.log import setLogLevel

    lab = chosen_lab(name)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    setLogLevel("info")  # as `mn` has it
    with net(lab) as running:
        CLI(running, stdin=sys.stdin, script=script)
    say(f"{lab} stays up; lab down takes it down", err=True)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End the session, and not just the command in it: the terminal is gone, or someone says so."""
    raise SystemExit(_ENDED_BY_SIGNAL + number)
