"""What is printed of a visit: its journey, its timing table, and where its evidence lies."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from orchestrator.cli.journey_told import print_journey
from orchestrator.cli.layout import Output
from orchestrator.cli.lines import assemble, styled
from orchestrator.cli.tables import Column, Row
from orchestrator.records.visit import Visit
from orchestrator.verbs.visit import Run

# The steps of the table, in the order they happen, and what each one is.
STEPS = {
    "dns": "DNS lookup",
    "connect": "TCP connect",
    "tls": "TLS handshake",
    "ttfb": "request → first byte",
    "download": "download",
    "dom_content_loaded": "DOMContentLoaded (since start)",
    "load": "load (since start)",
}
# What the visitor felt (records.Vitals).
VITALS = {
    "ttfb": "TTFB (since start)",
    "first_contentful_paint": "first contentful paint",
    "largest_contentful_paint": "largest contentful paint",
    "speed_index": "Speed Index",
    "total_blocking_time": "total blocking time",
    "cumulative_layout_shift": "cumulative layout shift (no unit)",
    "fully_loaded": "fully loaded",
}
UNITLESS = ("cumulative_layout_shift",)


def print_short(output: Output, run: Run) -> None:
    """A line or two for one visit of several."""
    if run.capture.drops:
        output.say(styled(f"{run.capture.drops} packets were not captured", "red"))
    output.say(_headline(run.visit), hang=2)


def print_run(output: Output, run: Run) -> None:
    """The journey of a visit, its timing table, and where its evidence lies."""
    if run.journey is not None:
        print_journey(output, run.journey)
    else:
        print_short(output, run)
    if run.visit.error is None:
        output.say()
        output.table((Column("step", least=24), Column("ms", right=True)), _rows(run.visit))
    _print_evidence(output, run)


def _rows(record: Visit) -> Iterator[Row]:
    for key, label in STEPS.items():
        if key == "dom_content_loaded" and record.resources:
            label_all = f"{len(record.resources)} sub-resources (first start to last end)"
            yield label_all, _resources_ms(record)
        yield label, _milliseconds(getattr(record.timings_ms, key))
    for key, label in VITALS.items():
        value = getattr(record.vitals, key)
        if value is not None:
            yield label, f"{value:.3f}" if key in UNITLESS else _milliseconds(value)


def _print_evidence(output: Output, run: Run) -> None:
    nodes = len(run.capture.per_node)
    output.say(f"{run.capture.packets} packets captured at {nodes} nodes and switches")
    to_read = f", to read: {run.folder}/journey.html" if run.journey is not None else ""
    output.say(f"evidence: {run.folder}/{to_read}", hang=2)


def _headline(record: Visit) -> Text:
    if record.error:
        failed = (f"{record.url}: failed: {record.error}", "red")
        return assemble(failed, f" {record.error_detail}")
    served = f"{record.status} {record.protocol} from {record.remote_address}"
    caches = {False: "caches warm", True: "caches cold", "all": "all caches cold"}[record.cold]
    rest = f" → {served}, seen from {record.node}, {caches}"
    lacks = (f", {record.shortfall}", "red") if record.missing else ""
    return assemble((record.url, "bold"), rest, lacks)


def _resources_ms(record: Visit) -> str:
    """From the first sub-resource's start to the last one's end."""
    start = min(resource.start_ms for resource in record.resources)
    end = max(resource.start_ms + resource.duration_ms for resource in record.resources)
    return _milliseconds(end - start)


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
