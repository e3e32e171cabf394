"""The looking glass: the verbs `route` and `bgp`."""

from __future__ import annotations

import re

import click

from orchestrator.cli import words
from orchestrator.cli.common import (
    chosen_lab,
    group_name_option,
    json_option,
    name_option,
    print_json,
)
from orchestrator.cli.glass_told import print_round_trip, round_trip_to_plain
from orchestrator.cli.groups import Group
from orchestrator.cli.layout import open_output
from orchestrator.cli.summary_told import print_summary
from orchestrator.errors import UsageError
from orchestrator.looking_glass.running import open_lab
from orchestrator.plan.addresses import FAMILIES
from orchestrator.plan.codec import to_plain
from orchestrator.runtime.kernel.fib import Flow
from orchestrator.verbs.bgp import summarise
from orchestrator.verbs.route import route

_FLOW = re.compile(r"(tcp|udp):(\d{1,5}):(\d{1,5})")


@click.command("route")
@click.argument("source", metavar="FROM", shell_complete=words.nodes)
@click.argument("target", metavar="TO", shell_complete=words.nodes_and_sites)
@click.option("-4", "only4", is_flag=True, help="Only IPv4.")
@click.option("-6", "only6", is_flag=True, help="Only IPv6.")
@click.option(
    "--flow",
    default="tcp:40000:443",
    show_default=True,
    metavar="tcp|udp:SOURCE:TARGET",
    help="Whose packets: its ports decide among equal paths.",
)
@click.option("--verbose", "-v", is_flag=True, help="Also tell all routes that routers know.")
@name_option
@json_option
def route_command(
    source: str,
    target: str,
    only4: bool,
    only6: bool,
    flow: str,
    verbose: bool,
    name: str,
    as_json: bool,
) -> int:
    """Show how packets get from a node to somewhere, and back.

    TO is a node, a service, a site or an address. Of each node its kernel tells what it forwards
    by, of each router its BIRD why. Nothing is sent. Exits 1 if packets, or the answers to
    them, do not arrive.
    """
    lab = open_lab(chosen_lab(name))
    families = [f for f, only in zip(FAMILIES, (only4, only6), strict=True) if only] or FAMILIES
    trips = route(lab, source, target, families, _read_flow(flow))
    if as_json:
        plain = {str(family): round_trip_to_plain(trip) for family, trip in trips.items()}
        print_json({"from": source, "to": target, "flow": flow, "families": plain})
    else:
        output = open_output()
        for family, trip in trips.items():
            output.say(f"{source} to {target} over IPv{family}, {trip.target}, {flow}")
            print_round_trip(output, trip, verbose)
    return 0 if all(trip.returned for trip in trips.values()) else 1


def _read_flow(text: str) -> Flow:
    """``tcp:40000:443``. Raises UsageError."""
    found = _FLOW.fullmatch(text)
    if found is None or max(int(found[2]), int(found[3])) > 0xFFFF:
        raise UsageError(f"--flow: '{text}' is no flow", "write it like tcp:40000:443")
    return Flow("udp" if found[1] == "udp" else "tcp", int(found[2]), int(found[3]))


@click.group("bgp", cls=Group)
@group_name_option
def bgp_command() -> None:
    """Look at the routing sessions of a running lab."""


@bgp_command.command("summary")
@click.argument("node", required=False, default="", shell_complete=words.nodes)
@name_option
@json_option
def summary_command(node: str, name: str, as_json: bool) -> int:
    """Show the sessions of a node, or of all: BGP, RTR, OSPF.

    Exits 1 if one is down.
    """
    summary = summarise(open_lab(chosen_lab(name)), node)
    if as_json:
        print_json({**to_plain(summary), "all_up": summary.all_up})
    else:
        print_summary(open_output(), summary)
    return 0 if summary.all_up else 1
