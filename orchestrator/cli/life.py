"""Verbs of a lab's life: up, status, down."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

import click
from rich.console import Console

from orchestrator.cli import interrupts
from orchestrator.cli.common import (
    DEFAULT_CAPTURES,
    chosen_lab,
    json_option,
    name_option,
    print_json,
    print_note,
    settings_option,
    topology_argument,
    topology_path,
)
from orchestrator.cli.links_told import told
from orchestrator.cli.visit import print_run
from orchestrator.errors import UsageError
from orchestrator.faulting import in_force
from orchestrator.lab import READY_WITHIN_S, Condition, Stages, down, examine, up
from orchestrator.loading import load
from orchestrator.plan.codec import to_plain
from orchestrator.plan.model import Plan
from orchestrator.runtime.links.state import LinkState
from orchestrator.runtime.state import known_labs
from orchestrator.spec.kinds import check_label
from orchestrator.spec.problems import Mistake
from orchestrator.visiting import Request, visit


@click.command("up")
@topology_argument
@settings_option
@click.option("--name", default="", help="Call the lab this instead of what its file says.")
@click.option(
    "--timeout",
    default=READY_WITHIN_S,
    show_default=True,
    metavar="SECONDS",
    help="How long it may take to be ready.",
)
@click.option("--keep", is_flag=True, help="Leave a lab that does not come up as it is.")
@click.option("--visit", "first_visit", is_flag=True, help="Then make a first, cold visit.")
def up_command(
    topology: str | None,
    settings: tuple[str, ...],
    name: str,
    timeout: float,
    keep: bool,
    first_visit: bool,
) -> int:
    """Boot a lab, and return when it is ready: converged and answering."""
    if name:
        _check_name(name)
    plan = load(topology_path(topology), name, settings, print_note)
    started = time.monotonic()
    if up(plan, _stages(), timeout, keep):
        seconds = time.monotonic() - started
        click.echo(f"{plan.name} is ready: {len(plan.nodes)} nodes in {seconds:.1f} s")
    else:
        click.echo(f"{plan.name} is up already: {len(plan.nodes)} nodes, all of them well")
        _print_faults(plan.name)
    return _visit_first_site(plan) if first_visit else 0


def _check_name(name: str) -> None:
    try:
        check_label(name)
    except Mistake as mistake:
        raise UsageError(f"--name: {mistake}", mistake.hint) from None


def _visit_first_site(plan: Plan) -> int:
    if not plan.sites:
        raise UsageError(f"'{plan.name}' has no site to visit", "leave --visit out")
    request = Request(f"https://{plan.sites[0]}/", cold=True)
    run = visit(plan.name, request, DEFAULT_CAPTURES)
    print_run(run)
    return 0 if run.visit.error is None else 1


def _stages() -> Stages:
    """A line per stage; while the lab converges, what it still waits for."""
    console = Console(stderr=True, highlight=False)
    status = console.status("", spinner="dots")

    def begin(name: str) -> None:
        status.update(name)
        status.start()

    def end(name: str, seconds: float) -> None:
        status.stop()
        console.print(f"  {seconds:6.2f} s  {name}")
        interrupts.check()

    def pending(reasons: Mapping[str, str]) -> None:
        if reasons:
            first = min(reasons)
            status.update(f"waiting for {len(reasons)} nodes; {first}: {reasons[first]}")

    return Stages(begin, end, pending)


@click.command("status")
@name_option
@json_option
def status_command(name: str, as_json: bool) -> int:
    """Say which nodes are well, and what the others lack. Exits 1 if one is not."""
    lab = chosen_lab(name)
    condition = examine(lab)
    if as_json:
        print_json(
            {
                "name": condition.plan.name,
                "healthy": condition.healthy,
                "faults": [entry.told() for entry in in_force(lab)],
                "keeper": condition.keeper,
                "wire": {"running": condition.wire, "restarts": condition.wire_restarts},
                "links": {name: to_plain(link) for name, link in condition.links.items()},
                "nodes": [
                    {"name": node.name, "role": node.role, "problem": condition.ill.get(node.name)}
                    for node in condition.plan.nodes.values()
                ],
            }
        )
    else:
        for node in condition.plan.nodes.values():
            reason = condition.ill.get(node.name)
            mark = click.style("ill ", fg="red") if reason else click.style("well", fg="green")
            click.echo(f"{mark}  {node.name:16} {node.role:11} {reason or ''}".rstrip())
        _print_links(condition)
        _print_faults(lab)
        if not condition.keeper:
            click.echo("the keeper is gone: nodes that restart lose their links; mend: lab up")
    return 0 if condition.healthy else 1


def _print_faults(lab: str) -> None:
    """What somebody broke, and how to mend it."""
    for entry in in_force(lab):
        click.echo(f"fault in force: {entry}; heal it: lab heal {entry.id}")


def _print_links(condition: Condition) -> None:
    """What carries the links, and what was done to some of them."""
    counts = Counter(link.backend for link in condition.links.values())
    click.echo("links: " + ", ".join(f"{count} {backend}" for backend, count in counts.items()))
    if not condition.wire:
        click.echo("wire is gone; the keeper starts it again")
    if condition.wire_restarts:
        click.echo(f"wire died and was started again, {condition.wire_restarts} times so far")
    for name, link in condition.links.items():
        planned = condition.plan.links[name]
        if link.changed(backend="veth") != LinkState("veth", planned.ab, planned.ba):
            click.echo(f"changed: {name} {told(planned, link)}")


@click.command("down")
@click.argument("lab_name", required=False, default="", metavar="[NAME]")
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
