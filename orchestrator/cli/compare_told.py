"""Figures of visits and what sets two journeys apart, for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text

from orchestrator.analysis.figures.compare import Difference, Saving
from orchestrator.analysis.figures.spread import Spread, spread_figures
from orchestrator.analysis.step import Step
from orchestrator.analysis.waits.rounds_waited import RoundTrips
from orchestrator.cli.layout import Output
from orchestrator.cli.lines import assemble, styled
from orchestrator.cli.tables import Column
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


def print_comparison(output: Output, comparison: Comparison) -> None:
    """The figures as a table, then what became of the first journey's steps."""
    visits = comparison.visits
    print_spread(output, spread_figures(visits), len(visits))
    print_difference(output, comparison.difference)


def comparison_to_plain(comparison: Comparison) -> dict[str, Any]:
    """{"runs": […], "figures": {name: {"first", "median", "low", "high"}}, "comparison": {…}}."""
    figures = spread_figures(comparison.visits)
    return {
        "runs": [to_json(visit) for visit in comparison.visits],
        "figures": {name: asdict(spread) for name, spread in figures.items()},
        "comparison": difference_to_plain(comparison.difference),
    }


def print_spread(output: Output, figures: Mapping[str, Spread], visits: int) -> None:
    """The first visit beside the later ones' median and quartiles; what nobody knows left out."""
    later = "second" if visits == 2 else f"median of {visits - 1}"
    columns = [Column("ms", least=24), Column("first", right=True), Column(later, right=True)]
    if visits > 2:
        columns.append(Column("25–75 %", right=True))
    rows = (row[: len(columns)] for row in _spread_rows(figures))
    output.table(columns, rows)


def _spread_rows(figures: Mapping[str, Spread]) -> Iterator[Sequence[str]]:
    for name, spread in figures.items():
        if spread.first is None and spread.median is None:
            continue
        between = f"{_written(name, spread.low)}–{_written(name, spread.high)}"
        yield LABELS[name], _written(name, spread.first), _written(name, spread.median), between


def _written(name: str, value: float | None) -> str:
    return "–" if value is None else format(value, _FORMATS.get(name, ".1f"))


def print_difference(output: Output, difference: Difference) -> None:
    """What was saved and by what, what else vanished or is new, and the round trips."""
    _print_savings(output, styled("saved", "green"), difference.savings)
    _print_savings(output, styled("no longer saved", "yellow"), difference.lost)
    _print_steps(output, "only in the first, for no reason that the second tells:", difference.gone)
    _print_steps(output, "only in the second:", difference.new)
    first, second = difference.first_round_trips, difference.second_round_trips
    output.say(f"round trips before the first byte: {_trips(first)}, then {_trips(second)}", hang=2)


def _print_savings(output: Output, title: Text, savings: Sequence[Saving]) -> None:
    for saving in savings:
        instead = f", instead of {_timed(saving.instead)}" if saving.instead else ""
        line = assemble(title, f" {saving.by.saved}: {_timed(saving.by)}{instead}")
        output.say(line, hang=2)
        for step in saving.gone:
            output.say(f"with it: {_timed(step)}", "    ", 6)


def _print_steps(output: Output, title: str, steps: Sequence[Step]) -> None:
    if steps:
        output.say(title)
    for step in steps:
        output.say(_timed(step), "    ", 6)


def _timed(step: Step) -> str:
    """With how long it took; a moment takes no time."""
    took = f" ({step.duration_ms:.1f} ms)" if step.end_ns > step.start_ns else ""
    return f"{step.title}{took}"


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
