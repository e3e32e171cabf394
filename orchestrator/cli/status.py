"""The verb `status`: how a lab is, and what is not as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from orchestrator.cli.common import chosen_lab, json_option, name_option, print_json
from orchestrator.cli.layout import Output, open_output
from orchestrator.cli.lines import styled
from orchestrator.cli.links_told import told
from orchestrator.cli.tables import Column, Row
from orchestrator.plan.codec import to_plain
from orchestrator.records.in_force import InForce
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
        print_condition(open_output(), condition, in_force(lab))
    return 0 if condition.healthy else 1


def print_condition(output: Output, condition: Condition, faults: Sequence[InForce]) -> None:
    """How each node is, then the links, what is broken on purpose, and the keeper."""
    output.table((Column(), Column(), Column(), Column(least=24)), _rows(condition))
    _print_links(output, condition)
    print_faults(output, faults)
    if not condition.keeper:
        said = "the keeper is gone: nodes that restart lose their links; mend: lab up"
        output.say(said, hang=2)


def _rows(condition: Condition) -> Iterator[Row]:
    for node in condition.plan.nodes.values():
        reason = condition.ill.get(node.name, "")
        mark = styled("ill", "red") if reason else styled("well", "green")
        yield mark, node.name, node.role, reason


def print_faults(output: Output, faults: Sequence[InForce]) -> None:
    """What somebody broke, and how to mend it."""
    for entry in faults:
        output.say(f"fault in force: {entry}; heal it: lab heal {entry.id}", hang=2)


def _print_links(output: Output, condition: Condition) -> None:
    """What carries the links, and what was done to some of them."""
    counts = Counter(link.backend for link in condition.links.values())
    output.say("links: " + ", ".join(f"{count} {backend}" for backend, count in counts.items()))
    if not condition.wire:
        output.say("wire is gone; the keeper starts it again")
    if condition.wire_restarts:
        output.say(f"wire died and was started again, {condition.wire_restarts} times so far")
    for name, link in condition.links.items():
        planned = condition.plan.links[name]
        if link.changed(backend="veth") != LinkState("veth", planned.ab, planned.ba):
            output.say(f"changed: {name} {told(planned, link)}", hang=2)
