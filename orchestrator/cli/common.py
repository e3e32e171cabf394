"""Options that several verbs share, and how they are understood."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from orchestrator.cli import words
from orchestrator.cli.saying import say, say_json
from orchestrator.errors import UsageError, unknown
from orchestrator.shipped import shipped_topologies

DEFAULT_TOPOLOGY = "internet.yaml"
DEFAULT_CAPTURES = Path("captures")


def topology_path(given: str | None) -> Path:
    """The file a user means: a path, the name of a shipped topology, or the default lab.

    Raises UsageError for what looks like a name, and is none.
    """
    if given is None:
        return shipped_topologies() / DEFAULT_TOPOLOGY
    shipped = {path.stem: path for path in shipped_topologies().glob("*.yaml")}
    if given in shipped and not Path(given).exists():
        return shipped[given]
    if given.isidentifier() and not Path(given).exists():
        raise unknown("topology or file", given, shipped)
    return Path(given)


topology_argument = click.argument(
    "topology",
    required=False,
    metavar="[TOPOLOGY: a file or a shipped name; default: internet]",
    shell_complete=words.topologies,
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Put this into the topology first, like routing.bfd=false; may be repeated.",
)
# The place in click's `meta`, which all contexts of a command line share.
LAB = "orchestrator.lab"
_Declared = TypeVar("_Declared", bound=Callable[..., Any])


def agree(context: click.Context, parameter: click.Parameter, given: str) -> str:
    """The lab that is named so far: here, or by a `--name` further to the left.

    Raises UsageError where the two are different.
    """
    before: str = context.meta.get(LAB, "")
    if given and before and given != before:
        raise UsageError(f"two labs are named, '{before}' and '{given}'", "name one")
    context.meta[LAB] = named = given or before
    return named


def option_to_name(about: str, **more: Any) -> Callable[[_Declared], _Declared]:
    """The option `--name`. It may stand in front of the verb, too: groups have it without a value
    of their own (``expose_value=False``), and the verb gets what was given there."""
    told = {"callback": agree, "help": about, "shell_complete": words.labs, **more}
    return click.option("--name", default="", **told)


class Seconds(click.FloatRange):
    """A number of seconds, at least one."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Fails for what is none, or has no end."""
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return seconds


_WHICH_LAB = "Which lab, when several are up."
name_option = option_to_name(_WHICH_LAB)
group_name_option = option_to_name(_WHICH_LAB, expose_value=False)


def chosen_lab(name: str) -> str:
    """The lab a user means: the one named, else the only one there is."""
    from orchestrator.verbs.labs import known_labs

    labs = known_labs()
    if name:
        if name not in labs:
            raise unknown("lab", name, labs)
        return name
    if len(labs) > 1:
        raise UsageError("several labs are up", f"say which: --name {'|'.join(labs)}")
    if not labs:
        raise UsageError("no lab is up", "start one: lab up")
    return labs[0]


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    say_json(value, indent=2)


def print_note(note: str) -> None:
    """What is worth knowing beside a verb's output."""
    say(f"note: {note}", err=True)


run_argument = click.argument(
    "given",
    required=False,
    metavar="[RUN: a folder, or a name below captures/; default: latest]",
    shell_complete=words.runs,
)
captures_option = click.option(
    "--captures",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_CAPTURES,
    show_default=True,
    help="Where runs are kept.",
)


def run_folder(given: str | None, captures: Path) -> Path:
    """The run a user means: a path, a name below ``captures``, or the newest.

    Raises UsageError where there is none by that name, or none at all.
    """
    if given is not None and Path(given).is_dir():
        return Path(given)
    runs = sorted(path.name for path in captures.glob("[!.]*") if path.is_dir())
    if not runs:
        message = f"there is no run '{given}', and no other" if given else "there are no runs yet"
        raise UsageError(f"{message} in {captures}/", "make one: lab visit URL")
    name = given or "latest"
    if name not in runs:
        named = [run for run in runs if run != "latest"]
        hint = f"the newest is '{(named or runs)[-1]}'"
        raise unknown("run", name, runs, within=f"in {captures}/", hint=hint)
    return captures / name
