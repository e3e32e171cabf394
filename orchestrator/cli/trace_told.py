"""What `lab trace` prints: tables, there and back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from orchestrator.analysis.hops.account import Account
from orchestrator.analysis.hops.passage import NOISE_MS, Leg, Passage
from orchestrator.analysis.hops.trace import Trace

_SHOWN_LOSSES = 10
_PIPED_WIDTH = 200


def print_trace(trace: Trace, folder: Path, account: Account) -> None:
    """Two tables, there and back, and what is worth saying of them."""
    # Into a file or a pager as wide as the table. IPv6 addresses in brackets are no markup.
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    console = Console(width=width, highlight=False, markup=False)
    start_ns = trace.forward[0].time_ns
    ways = (
        (trace.packet, trace.forward, trace.forward_legs),
        ("what came back", trace.back, trace.back_legs),
    )
    for name, passages, legs in ways:
        if passages:
            console.print(f"{name}: {_summary(passages)}", style="bold")
            console.print(_table(passages, legs, start_ns))
    last = trace.forward[-1]
    look = f"tshark -r {folder / last.file} -Y 'frame.number == {last.number}' -V"
    notes = [f"- {note}" for note in trace.notes]
    for line in (*notes, *_account(account), f"look at it: {look}"):
        console.print(line, soft_wrap=True)


def _summary(passages: Sequence[Passage]) -> str:
    first_seen, last_seen = passages[0], passages[-1]
    first, last = first_seen.interface, last_seen.interface
    if len(passages) == 1:
        return f"seen at {first} only"
    millis = (last_seen.time_ns - first_seen.time_ns) / 1e6
    return f"{first} to {last}, {len(passages)} interfaces, {millis:.3f} ms one way"


def _table(passages: Sequence[Passage], legs: Sequence[Leg], start_ns: int) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("interface", no_wrap=True)
    table.add_column("")
    table.add_column("ms", justify="right")
    table.add_column("+ms", justify="right")
    table.add_column("spent", no_wrap=True)
    table.add_column("frame", justify="right")
    table.add_column("in its file", justify="right")
    for passage, leg in zip(passages, (None, *legs), strict=True):
        table.add_row(
            passage.interface,
            "out" if passage.outbound else "in",
            f"{(passage.time_ns - start_ns) / 1e6:.3f}",
            f"{leg.duration_ms:.3f}" if leg else "",
            _spent(leg) if leg else "",
            str(passage.frame),
            str(passage.number),
        )
    return table


def _spent(leg: Leg) -> str:
    """Where the time of a leg went; parts that do not show in microseconds are left out."""
    place = {"link": "on the link", "proxy": "at the proxy"}.get(leg.kind, "at")
    name = "" if leg.kind == "link" else f" {leg.name}"
    parts = [f"propagation {leg.propagation_ms:.3f}"] if leg.propagation_ms else []
    if leg.serialisation_ms:
        parts.append(f"serialisation {leg.serialisation_ms:.3f}")
    if abs(leg.queueing_ms) > NOISE_MS:
        parts.append(f"queueing {leg.queueing_ms:.3f}")
    return f"{place}{name}" + (f": {' + '.join(parts)}" if parts else "")


def _account(account: Account) -> list[str]:
    if not account.packets:
        return []
    lines = [
        f"{account.matched} of the {account.packets} packets of the visit's connections were seen "
        "at every hop, from end to end."
    ]
    lines += [f"- {lost}" for lost in account.lost[:_SHOWN_LOSSES]]
    if len(account.lost) > _SHOWN_LOSSES:
        lines.append(f"- and {len(account.lost) - _SHOWN_LOSSES} more: --json lists them")
    return lines
