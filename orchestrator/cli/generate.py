"""The verb `generate`: an Internet-like graph of any size, as a topology."""

from __future__ import annotations

import click

from orchestrator.cli.common import option_to_name
from orchestrator.cli.saying import say
from orchestrator.errors import Mistake, UsageError
from orchestrator.generate.draw import draw_internet
from orchestrator.generate.write import write_topology
from orchestrator.spec.domains import check_label


@click.command("generate")
@click.argument("count", metavar="N", type=int)
@click.option("--seed", default=1, show_default=True, help="Another seed, another graph.")
@click.option("--ixps", type=int, help="How many exchanges; one per 25 ASes unless given.")
@click.option("--places", is_flag=True, help="Put ASes in cities, so that links have delays.")
@option_to_name("The lab's name; internet-N unless given.")
def generate_command(count: int, seed: int, ixps: int | None, places: bool, name: str) -> None:
    """Print a topology of N ASes: lab generate 100 > big.yaml"""
    try:
        name = name and check_label(name)
    except Mistake as mistake:
        raise UsageError(str(mistake), mistake.hint) from None
    internet = draw_internet(count, seed, ixps)
    say(write_topology(internet, name, places, route_servers=True), nl=False)
