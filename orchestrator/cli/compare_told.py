"""Figures of visits and what sets two journeys apart, for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestrator.analysis.figures.compare import Difference, Saving
from orchestrator.analysis.figures.spread import Spread, spread_figures
from orchestrator.analysis.step import Step
from orchestrator.analysis.waits.rounds_waited import RoundTrips
from orchestrator.records.visit import Visit, to_json

LABELS = {
    "dns": "DNS lookup",
    "connect": "TCP connect",
    "tls": "TLS handshake",
    "ttfb": "request → first byte",
    "download": "download",
    "first_byte": "first byte, since start (TTFB)",
    "first_contentful_paint": "first contentful paint (FCP)",
    "largest_contentful_paint": "largest contentful paint (LCP)",
    "dom_content_loaded": "DOMContentLoaded",
    "load": "load",
    "fully_loaded": "fully loaded",
    "speed_index": "Speed Index",
    "total_blocking_time": "total blocking time (TBT)",
    "cumulative_layout_shift": "cumulative layout shift (CLS), no unit",
    "requests": "requests",
    "bytes": "octets received",
}
_FORMATS = {"cumulative_layout_shift": ".3f", "requests": ",.0f", "bytes": ",.0f"}


@dataclass(frozen=True)
class Comparison:
    """Visits in a row, and what sets the last journey apart from the first."""

    visits: Sequence[Visit]
    difference: Difference


def print_comparison(comparison: Comparison) -> None:
    """The figures as a table, then what became of the first journey's steps."""
    console = Console(highlight=False)
    visits = comparison.visits
    console.print(spread_table(spread_figures(visits), len(visits)))
    print_difference(console, comparison.difference)


def comparison_to_plain(comparison: Comparison) -> dict[str, Any]:
    """{"runs": […], "figures": {name: {"first", "median", "low", "high"}}, "comparison": {…}}."""
    figures = spread_figures(comparison.visits)
    return {
        "runs": [to_json(visit) for visit in comparison.visits],
        "figures": {name: asdict(spread) for name, spread in figures.items()},
        "comparison": difference_to_plain(comparison.difference),
    }


def spread_table(figures: Mapping[str, Spread], visits: int) -> Table:
    """The first visit beside the later ones' median and quartiles; what nobody knows left out."""
    later = "second" if visits == 2 else f"median of {visits - 1}"
    columns = ["ms", "first", later, *(["25 % … 75 %"] if visits > 2 else [])]
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, spread in figures.items():
        if spread.first is None and spread.median is None:
            continue
        between = f"{_written(name, spread.low)} … {_written(name, spread.high)}"
        row = [LABELS[name], _written(name, spread.first), _written(name, spread.median), between]
        table.add_row(*row[: len(columns)])
    return table


def _written(name: str, value: float | None) -> str:
    return "–" if value is None else format(value, _FORMATS.get(name, ".1f"))


def print_difference(console: Console, difference: Difference) -> None:
    """What was saved and by what, what else vanished or is new, and the round trips."""
    _print_savings(console, "[green]saved[/green]", difference.savings)
    _print_savings(console, "[yellow]no longer saved[/yellow]", difference.lost)
    _print_steps(
        console, "only in the first, for no reason that the second tells:", difference.gone
    )
    _print_steps(console, "only in the second:", difference.new)
    first, second = difference.first_round_trips, difference.second_round_trips
    console.print(
        f"round trips before the first byte: {_trips(first)}, then {_trips(second)}",
        soft_wrap=True,
    )


def _print_savings(console: Console, title: str, savings: Sequence[Saving]) -> None:
    for saving in savings:
        instead = f", instead of {_timed(saving.instead)}" if saving.instead else ""
        line = f"{title} {saving.by.saved}: {_timed(saving.by)}{instead}"
        console.print(line, soft_wrap=True)
        for step in saving.gone:
            console.print(f"    with it: {_timed(step)}", soft_wrap=True)


def _print_steps(console: Console, title: str, steps: Sequence[Step]) -> None:
    if steps:
        console.print(title)
    for step in steps:
        console.print(f"    {_timed(step)}", soft_wrap=True)


def _timed(step: Step) -> str:
    return f"{step.title} ({step.duration_ms:.1f} ms)"


def _trips(trips: RoundTrips) -> str:
    parts = ", ".join(f"{count} {kind}" for kind, count in trips.by_kind.items())
    return f"{trips.total} ({parts})" if parts else "0"


def difference_to_plain(difference: Difference) -> dict[str, Any]:
    """As JSON has it. Times in ms; a step is told by kind, title, nodes and how long it took."""
    return {
        "saved": [_saving(saving) for saving in difference.savings],
        "no_longer_saved": [_saving(saving) for saving in difference.lost],
        "gone": [_step(step) for step in difference.gone],
        "new": [_step(step) for step in difference.new],
        "round_trips": {
            "first": _counted(difference.first_round_trips),
            "second": _counted(difference.second_round_trips),
        },
    }


def _saving(saving: Saving) -> dict[str, Any]:
    return {
        "what": saving.by.saved,
        "by": _step(saving.by),
        "instead": _step(saving.instead) if saving.instead else None,
        "gone": [_step(step) for step in saving.gone],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "title": step.title,
        "nodes": list(step.nodes),
        "duration_ms": step.duration_ms,
    }


def _counted(trips: RoundTrips) -> dict[str, Any]:
    return {"total": trips.total, "by_kind": dict(trips.by_kind)}
