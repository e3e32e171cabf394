"""Verbs that read a topology and start nothing: check, plan, schema."""

from __future__ import annotations

import click

from orchestrator.cli.common import (
    json_option,
    print_json,
    print_note,
    settings_option,
    topology_argument,
    topology_path,
)
from orchestrator.cli.explained import print_catchment, print_path
from orchestrator.cli.layout import open_output
from orchestrator.cli.planned import print_plan
from orchestrator.cli.saying import say
from orchestrator.loading import load
from orchestrator.plan.codec import to_plain
from orchestrator.plan.lookups import node_of
from orchestrator.plan.model import Plan


@click.command("check")
@topology_argument
@settings_option
@json_option
def check_command(topology: str | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Validate a topology; nothing is started."""
    path = topology_path(topology)
    plan = load(path, settings=settings, tell=print_note)
    counts = {
        "nodes": len(plan.nodes),
        "switches": len(plan.switches),
        "links": len(plan.links),
        "ASes": len(plan.systems),
    }
    if as_json:
        print_json({"topology": str(path), "name": plan.name, **counts})
    else:
        listed = ", ".join(_counted(count, what) for what, count in counts.items())
        open_output().say(f"{path}: good: {listed}")


# Plural → singular.
_SINGULAR = {"nodes": "node", "switches": "switch", "links": "link", "ASes": "AS"}


def _counted(count: int, what: str) -> str:
    return f"{count} {_SINGULAR[what] if count == 1 else what}"


@click.command("plan")
@topology_argument
@settings_option
@click.option("--node", default="", help="Print this node's rendered files.")
@click.option("--path", nargs=2, default=None, metavar="FROM TO", help="Explain the path.")
@click.option("--anycast", default="", help="Print who reaches which instance of a service.")
@json_option
def plan_command(
    topology: str | None,
    settings: tuple[str, ...],
    node: str,
    path: tuple[str, str] | None,
    anycast: str,
    as_json: bool,
) -> None:
    """Show what a topology becomes, without starting it."""
    plan = load(topology_path(topology), settings=settings, tell=print_note)
    if node:
        _print_files(plan, node)
    elif path:
        print_path(open_output(), plan, *path)
    elif anycast:
        print_catchment(open_output(), plan, anycast)
    elif as_json:
        print_json(to_plain(plan))
    else:
        print_plan(open_output(), plan)


@click.command("schema")
@click.argument(
    "what",
    type=click.Choice(["topology", "scenario"]),
    default="topology",
    metavar="[topology | scenario]",
)
def schema_command(what: str) -> None:
    """Print the JSON schema of topologies or scenarios, for editors."""
    from orchestrator.spec.schema import json_schema

    print_json(json_schema(what))


def _print_files(plan: Plan, name: str) -> None:
    from orchestrator.render.main import render_node

    for path, text in render_node(node_of(plan, name), plan).items():
        say(f"# ── /lab/{path}")
        say(text)
