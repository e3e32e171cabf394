"""The verb `capture`: packets of a running lab, beside visits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from orchestrator.capture.mux import CaptureSummary, Options
from orchestrator.cli import words
from orchestrator.cli.common import (
    DEFAULT_CAPTURES,
    chosen_lab,
    group_name_option,
    json_option,
    name_option,
    print_json,
    print_note,
)
from orchestrator.cli.groups import Group
from orchestrator.cli.layout import Output, open_output
from orchestrator.cli.saying import say
from orchestrator.errors import Mistake, UsageError
from orchestrator.plan.codec import to_plain
from orchestrator.records.merge import JOURNEY
from orchestrator.runtime.disk.state import RunningCapture
from orchestrator.spec.units import read_duration_s
from orchestrator.verbs.capture import (
    Finished,
    Request,
    bytes_of,
    default_folder,
    list_captures,
    start,
    stop,
)

_MIB = 1 << 20


@click.group("capture", cls=Group)
@group_name_option
def capture_command() -> None:
    """Capture packets of a running lab, by node, link or all.

    A visit captures by itself; this is for what happens beside visits. Several may run at once.
    """


@capture_command.command("start")
@click.option(
    "--node",
    "nodes",
    multiple=True,
    help="A node or switch; may be repeated.",
    shell_complete=words.nodes_and_switches,
)
@click.option(
    "--link",
    "links",
    multiple=True,
    help="Both ends of a link; may be repeated.",
    shell_complete=words.links,
)
@click.option("--filter", "expression", default="", help="Only such packets: 'tcp port 443'.")
@click.option(
    "--limit",
    "limit_mib",
    type=click.IntRange(1, 1 << 20),
    metavar="MIB",
    help="Keep only the newest packets of each node, in a file of so many MiB.",
)
@click.option("--count", type=click.IntRange(1), help="End by itself after so many packets.")
@click.option("--for", "duration", default="", help="End by itself after so long: 30s, 5min.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="A new or empty folder to write to [default: one below captures/].",
)
@name_option
@json_option
def start_command(
    nodes: tuple[str, ...],
    links: tuple[str, ...],
    expression: str,
    limit_mib: int | None,
    count: int | None,
    duration: str,
    output: Path | None,
    name: str,
    as_json: bool,
) -> None:
    """Start a capture.

    It goes on until it is stopped, or the lab is down.

    Every interface is captured where neither --node nor --link says which. The filter is written
    as for tcpdump (pcap-filter(7)), with addresses in place of names. While a capture runs,
    offloads are off, so that frames are as long as on a real wire; throughput suffers. A node that
    restarts is captured further.
    """
    options = Options(expression, limit_mib, count, _whole_seconds(duration))
    folder = output or default_folder(DEFAULT_CAPTURES)
    capture = start(chosen_lab(name), Request(folder, nodes, links, options))
    if as_json:
        print_json(_plain(capture))
        return
    places = _count(len(capture.nodes), "node or switch", "nodes and switches")
    where = f"{_count(capture.interfaces, 'interface', 'interfaces')} of {places}"
    say(f"capture {capture.id} runs: {where}, into {folder}/")
    say(f"stop it: lab capture stop {capture.id}")


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _whole_seconds(text: str) -> int | None:
    if not text:
        return None
    try:
        seconds = round(read_duration_s(text))
    except Mistake as mistake:
        raise UsageError(str(mistake), mistake.hint) from None
    if seconds < 1:
        raise UsageError(f"a capture for {text}", "at least 1 s")
    return seconds


@capture_command.command("list")
@name_option
@json_option
def list_command(name: str, as_json: bool) -> None:
    """Show the captures that were started and not stopped yet."""
    captures = list_captures(chosen_lab(name))
    if as_json:
        print_json([_plain(capture) for capture in captures])
    else:
        print_captures(open_output(), captures, time.time())


def print_captures(output: Output, captures: Sequence[RunningCapture], now_s: float) -> None:
    """Captures that were started: how each is, what it takes, and where to."""
    for capture in captures:
        output.say(_told(capture, now_s), f"{capture.id}  ")
    if not captures:
        output.say("no capture runs")


def _plain(capture: RunningCapture) -> dict[str, Any]:
    running, size = capture.process.is_alive(), bytes_of(capture)
    return {**to_plain(capture), "running": running, "bytes": size}


def _told(capture: RunningCapture, now_s: float) -> str:
    """A capture in a line."""
    seconds = now_s - capture.started_s
    state = "runs" if capture.process.is_alive() else "has ended by itself; stop it to see how"
    chosen = [_count(capture.interfaces, "interface", "interfaces")]
    chosen += [f"'{capture.filter}'"] if capture.filter else []
    chosen += [f"at most {capture.limit_mib} MiB a node"] if capture.limit_mib else []
    size = f"{bytes_of(capture) / _MIB:.1f} MiB"
    about = f"{', '.join(chosen)}, {size}, started {seconds:.0f} s ago"
    return f"{state}: {about}, {capture.folder}/"


@capture_command.command("stop")
@click.argument("number", type=int, required=False, metavar="[ID]")
@name_option
@json_option
def stop_command(number: int | None, name: str, as_json: bool) -> int:
    """Stop a capture, and write journey.pcapng.

    Its folder then holds a file of each node, journey.pcapng with all of them in the order of
    time, and capture.json with the counts. Exits 1 if the capture had failed.
    """
    finished = stop(chosen_lab(name), number)
    if as_json:
        print_json(_plain_end(finished))
    else:
        _print_end(finished)
    return 1 if isinstance(finished.outcome, str) else 0


def _plain_end(finished: Finished) -> dict[str, Any]:
    outcome, folder = finished.outcome, finished.capture.folder
    counted = {"error": outcome} if isinstance(outcome, str) else {"error": None, **asdict(outcome)}
    journey = None if finished.note else f"{folder}/{JOURNEY}"
    ending = {"ended_by_itself": finished.by_itself, "journey": journey, "note": finished.note}
    return {"id": finished.capture.id, "folder": folder, **counted, **ending}


def _print_end(finished: Finished) -> None:
    outcome, folder = finished.outcome, finished.capture.folder
    if isinstance(outcome, str):
        what = f"capture {finished.capture.id} ended before it was stopped: {outcome}"
        say(what, fg="red")
        if not finished.note:
            say(f"what it had written, its last packets missing: {folder}/")
    else:
        _print_counts(outcome)
        if finished.by_itself:
            say("it had ended by itself")
        say(f"evidence: {folder}/")
    if finished.note:
        print_note(finished.note)


def _print_counts(counts: CaptureSummary) -> None:
    """Drops first, if there are any: they decide what the rest is worth."""
    if counts.drops:
        lossy = [f"{node} {each.drops}" for node, each in counts.per_node.items() if each.drops]
        what = f"{counts.drops} packets were not captured: {', '.join(lossy)}"
        say(what, fg="red")
    removed = f", {counts.discarded} older ones discarded" if counts.discarded else ""
    where = _count(len(counts.per_node), "node or switch", "nodes and switches")
    packets = _count(counts.packets, "packet", "packets")
    say(f"{packets} captured at {where}{removed}, {counts.drops} drops")
