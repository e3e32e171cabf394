"""The words that may stand on a command line: labs, what is in them, files that come with us.

Each function is a parameter's ``shell_complete``: it gives the words that begin with what is
typed so far. None of them says that something is wrong; the verb will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from orchestrator.shipped import shipped_scenarios, shipped_topologies

if TYPE_CHECKING:
    from orchestrator.verbs.labs import Names

Words = list[CompletionItem]
Completing = Callable[[click.Context, click.Parameter, str], Words]


def labs(context: click.Context, parameter: click.Parameter, typed: str) -> Words:
    """The labs that are up."""
    from orchestrator.verbs.labs import known_labs

    return _beginning(typed, known_labs())


def _in_lab(select: Callable[[Names, click.Context], Iterable[str]]) -> Completing:
    """Names in the lab of ``--name``, or in the only one there is."""

    def words(context: click.Context, parameter: click.Parameter, typed: str) -> Words:
        from orchestrator.verbs.labs import Names, known_labs, read_names

        named = context.params.get("name")
        known = [named] if named else known_labs()
        names = read_names(known[0]) if len(known) == 1 else Names()
        return _beginning(typed, select(names, context))

    return words


nodes = _in_lab(lambda names, _: names.nodes)
nodes_and_switches = _in_lab(lambda names, _: [*names.nodes, *names.switches])
nodes_and_sites = _in_lab(lambda names, _: [*names.nodes, *names.sites])
hosts = _in_lab(lambda names, _: names.hosts)
links = _in_lab(lambda names, _: names.links)
sites = _in_lab(lambda names, _: names.sites)
faults = _in_lab(lambda names, _: names.targets)
fault_verbs = _in_lab(lambda names, _: ["list", *names.targets])


def _targets(names: Names, context: click.Context) -> Sequence[str]:
    chosen = context.params.get("fault") or context.params.get("which")
    return names.targets.get(str(chosen), ())


targets = _in_lab(_targets)


def topologies(context: click.Context, parameter: click.Parameter, typed: str) -> Words:
    """Files, and the topologies that come with Clicklab."""
    shipped = sorted(path.stem for path in shipped_topologies().glob("*.yaml"))
    return _or_path("file", typed, [*shipped, *_here()])


def scenarios(context: click.Context, parameter: click.Parameter, typed: str) -> Words:
    """Files, and the scenarios that come with Clicklab."""
    return _or_path("file", typed, [*shipped_scenarios(), *_here()])


def runs(context: click.Context, parameter: click.Parameter, typed: str) -> Words:
    """Runs below ``--captures``, the newest first, and folders."""
    return _or_path("dir", typed, sorted(_runs(context, "visit.json"), reverse=True))


def studies(context: click.Context, parameter: click.Parameter, typed: str) -> Words:
    """Studies below ``--captures``, the newest first, and folders."""
    return _or_path("dir", typed, sorted(_runs(context, "scenario.yaml"), reverse=True))


def _runs(context: click.Context, holding: str) -> Iterable[str]:
    return (path.parent.name for path in Path(context.params["captures"]).glob(f"[!.]*/{holding}"))


def _or_path(kind: str, typed: str, words: Iterable[str]) -> Words:
    """Words, or a path that the shell completes itself.

    The path comes first, since click's bash forgets the words before it, and looks for files only
    where no word is left; and not with nothing typed, an item that click's zsh takes for none.
    """
    found = _beginning(typed, words)
    return [CompletionItem(typed, type=kind), *found] if typed or not found else found


def _here() -> list[str]:
    return sorted(path.name for path in Path().glob("*.yaml"))


def _beginning(typed: str, words: Iterable[str]) -> Words:
    return [CompletionItem(word) for word in words if word.startswith(typed)]
