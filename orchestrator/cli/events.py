"""The verb `events`: what happens in a running lab, as it happens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import click

from orchestrator.cli import words
from orchestrator.cli.common import chosen_lab, name_option, print_note
from orchestrator.cli.layout import Output, open_output
from orchestrator.cli.saying import say_json
from orchestrator.errors import Mistake, UsageError, unknown
from orchestrator.events import ALWAYS, KINDS
from orchestrator.events.names import names_of
from orchestrator.events.scene import Scene
from orchestrator.events.stream import Batch
from orchestrator.events.words import as_object, clock, lines_of
from orchestrator.plan.lookups import node_of
from orchestrator.plan.model import Plan
from orchestrator.spec.units import read_duration_s
from orchestrator.verbs.events import stream_of, watched


@click.command("events")
@name_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line and event.")
@click.option("--kind", "kinds", default="", metavar="KIND,…", help=f"Only: {', '.join(KINDS)}.")
@click.option(
    "--node", default="", help="Only what this node tells.", shell_complete=words.nodes_and_switches
)
@click.option("--for", "duration", default="", metavar="TIME", help="End after, like 10s.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many events.")
def events_command(
    name: str, as_json: bool, kinds: str, node: str, duration: str, count: int | None
) -> int:
    """Print what happens in a lab, as it happens.

    It ends with ^C, or with the lab.
    """
    chosen, for_s = _read_kinds(kinds), _read_duration(duration)
    with stream_of(chosen_lab(name), print_note) as (scene, stream):
        wanted = _filter(scene, chosen, node)
        show = _show_json if as_json else shower(open_output(), scene.plan)
        show([watched(scene)])
        for batch in _limited(map(wanted, stream.batches(for_s, sys.stdout.fileno())), count):
            show(batch)
    return 0


def _read_kinds(written: str) -> tuple[str, ...]:
    kinds = tuple(kind.strip() for kind in written.split(",") if kind.strip())
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("kind of event", kind, KINDS, within="for --kind")
    return kinds or KINDS


def _read_duration(written: str) -> float | None:
    try:
        return read_duration_s(written) if written else None
    except Mistake as mistake:
        raise UsageError(f"--for: {mistake}", mistake.hint) from None


def _filter(scene: Scene, kinds: tuple[str, ...], node: str) -> Callable[[Batch], Batch]:
    if node and node not in scene.plan.switches:
        node_of(scene.plan, node)

    def wanted(batch: Batch) -> Batch:
        return [
            event
            for event in batch
            if event.kind in ALWAYS or (event.kind in kinds and node in ("", event.node))
        ]

    return wanted


def _limited(batches: Iterator[Batch], count: int | None) -> Iterator[Batch]:
    """No more than ``count`` events."""
    for batch in batches:
        yield batch[:count]
        if count is not None:
            count -= len(batch)
            if count <= 0:
                return


def _show_json(batch: Batch) -> None:
    for event in batch:
        say_json(as_object(event))
    sys.stdout.flush()


def shower(output: Output, plan: Plan) -> Callable[[Batch], None]:
    """What prints events as lines: when, where, what."""
    names = names_of(plan)

    def show(batch: Batch) -> None:
        for line in lines_of(names, batch):
            output.say(line.text, f"{clock(line.time_ns)}  {line.node:16} ")

    return show
