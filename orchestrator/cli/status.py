"""The verb `status`: how a lab is, and what is not as it should be."""

from __future__ import annotations

from collections import Counter

import click

from orchestrator.cli.common import chosen_lab, json_option, name_option, print_json
from orchestrator.cli.links_told import told
from orchestrator.plan.codec import to_plain
from orchestrator.runtime.links.state import LinkState
from orchestrator.verbs.fault import in_force
from orchestrator.verbs.status import Condition, examine


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
        print_faults(lab)
        if not condition.keeper:
            click.echo("the keeper is gone: nodes that restart lose their links; mend: lab up")
    return 0 if condition.healthy else 1


def print_faults(lab: str) -> None:
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
