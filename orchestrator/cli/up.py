"""The verb `up`: boot a lab, and make a first visit if asked to."""

from __future__ import annotations

import time

import click

from orchestrator.cli.common import (
    DEFAULT_CAPTURES,
    Seconds,
    option_to_name,
    print_note,
    settings_option,
    topology_argument,
    topology_path,
)
from orchestrator.cli.layout import open_output
from orchestrator.cli.progress import Waiting
from orchestrator.cli.saying import say
from orchestrator.cli.status import print_faults
from orchestrator.cli.visit import exit_code
from orchestrator.cli.visit_told import print_run
from orchestrator.errors import Mistake, UsageError
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.spec.domains import check_label
from orchestrator.verbs.fault import in_force
from orchestrator.verbs.fill_edge import fill_edge
from orchestrator.verbs.up import READY_WITHIN_S, Stages, up
from orchestrator.verbs.visit import Request, visit


@click.command("up")
@topology_argument
@settings_option
@option_to_name("Call the lab this instead of what its file says.")
@click.option(
    "--timeout",
    type=Seconds(),
    default=READY_WITHIN_S,
    show_default=True,
    metavar="SECONDS",
    help="How long it may take to be ready.",
)
@click.option("--replace", is_flag=True, help="Even if another lab of this name runs: remove it.")
@click.option("--keep", is_flag=True, help="Leave a lab that does not come up as it is.")
@click.option(
    "--visit",
    "first_visit",
    is_flag=True,
    help="Then make a first visit: cold, over IPv4, to an edge that has the page from others'.",
)
def up_command(
    topology: str | None,
    settings: tuple[str, ...],
    name: str,
    timeout: float,
    replace: bool,
    keep: bool,
    first_visit: bool,
) -> int:
    """Boot a lab, and return when it is ready.

    Ready is converged and answering.
    """
    if name:
        _check_name(name)
    path = topology_path(topology)
    plan = load(path, name, settings, print_note)
    started = time.monotonic()
    if up(plan, _stages(), timeout, keep, replace, str(path)):
        seconds = time.monotonic() - started
        say(f"{plan.name} is ready: {len(plan.nodes)} nodes in {seconds:.1f} s")
    else:
        say(f"{plan.name} is up already: {len(plan.nodes)} nodes, all of them well")
        print_faults(open_output(), in_force(plan.name))
    return _visit_first_site(plan) if first_visit else 0


def _check_name(name: str) -> None:
    try:
        check_label(name)
    except Mistake as mistake:
        raise UsageError(f"--name: {mistake}", mistake.hint) from None


def _visit_first_site(plan: Plan) -> int:
    if not plan.sites:
        raise UsageError(f"'{plan.name}' has no site to visit", "leave --visit out")
    # Over IPv4, for NAT is what a home router is known for, and IPv6 has none.
    request = Request(f"https://{plan.sites[0]}/", cold=True, family=4)
    fill_edge(plan, request.url)
    run = visit(plan.name, request, DEFAULT_CAPTURES)
    print_run(open_output(), run)
    return exit_code([run.visit])


def _stages() -> Stages:
    """A line per stage; while the lab converges, what it still waits for."""
    waiting = Waiting()

    def begin(name: str) -> None:
        waiting.now(name)
        waiting.__enter__()

    def end(name: str, seconds: float) -> None:
        waiting.__exit__()
        waiting.stage_ended(name, seconds)

    return Stages(begin, end, waiting.waits)
