"""The `lab` command: finds the verb, runs it, and turns errors into words and exit codes."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module

import click

from orchestrator.cli import interrupts, streams
from orchestrator.cli.common import group_name_option
from orchestrator.cli.entry import INTERRUPTED
from orchestrator.cli.groups import Group
from orchestrator.cli.saying import say
from orchestrator.errors import LabError, Mistakes
from orchestrator.refusals import why
from orchestrator.visible import brief

BUG = 3
# Verb → module that holds it. Only the verb that runs is imported: `lab check` must not wait
# for Docker's client library.
# In the order in which a newcomer needs them.
VERBS = {
    "doctor": "host",
    "build": "host",
    "check": "topology",
    "plan": "topology",
    "generate": "generate",
    "up": "up",
    "visit": "visit",
    "compare": "compare",
    "report": "report",
    "trace": "trace",
    "wireshark": "wireshark",
    "capture": "capture",
    "link": "link",
    "fault": "fault",
    "heal": "fault",
    "mend": "mend",
    "study": "study",
    "route": "glass",
    "bgp": "glass",
    "status": "status",
    "events": "events",
    "exec": "nodes",
    "shell": "nodes",
    "console": "console",
    "logs": "nodes",
    "down": "down",
    "schema": "topology",
}


class _Verbs(Group):
    """A group that imports the module of a verb when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"orchestrator.cli.{VERBS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from orchestrator.errors import nearest

            hint = nearest(args[0], VERBS, "see: lab --help")
            ctx.fail(f"there is no verb '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clicklab", prog_name="lab")
@group_name_option
def lab() -> None:
    """A whole, small Internet on one machine, and one click through it.

    Start here: lab up, then lab visit https://www.example.com/
    """


def main() -> int:
    """Run the verb that the command line names; its exit code."""
    streams.install()
    if "_LAB_COMPLETE" in os.environ:  # a shell asks what may come next
        from orchestrator.cli.completion import complete

        return complete(lab, os.environ["_LAB_COMPLETE"])
    try:
        code = lab.main(prog_name="lab", standalone_mode=False)
        sys.stdout.flush()
    except LabError as error:
        return _tell(error)
    except click.ClickException as error:
        return _tell_usage(error)
    except (click.Abort, KeyboardInterrupt):
        return _say_interrupted()
    except Exception as error:
        return _say_interrupted() if interrupts.caused(error) else _tell_unexpected(error)
    return code if isinstance(code, int) else 0


def _say_interrupted() -> int:
    say("lab: interrupted", err=True)
    return INTERRUPTED


def _tell(error: LabError) -> int:
    # Mistakes in a file start with the file, so that editors find the place.
    say(str(error) if isinstance(error, Mistakes) else f"lab: {error}", err=True)
    return error.exit_code


def _tell_usage(error: click.ClickException) -> int:
    said = io.StringIO()
    error.show(said)
    say(brief(said.getvalue()), err=True, nl=False)
    return error.exit_code


def _tell_unexpected(error: Exception) -> int:
    from orchestrator.verbs import bugs

    refused = bugs.refusal_in(error)
    if refused is not None:
        return _tell(refused)
    said = brief(f"{type(error).__name__}: {error}")
    say(f"lab: this is a bug in Clicklab: {said}", err=True)
    try:
        log = bugs.write_log(error)
    except OSError as full:
        say(f"  no file takes what led to it ({why(full)}):\n", err=True)
        say(bugs.describe(error), err=True)
    else:
        say(f"  what led to it: {log}", err=True)
        say("  hint: please report it: look through that file, and paste it into", err=True)
        say("  an issue of Clicklab, with the topology if it is one of yours", err=True)
    return BUG
