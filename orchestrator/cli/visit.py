"""The verb `visit`: one click, and its timing table."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.common import (
    DEFAULT_CAPTURES,
    chosen_lab,
    json_option,
    name_option,
    print_json,
)
from orchestrator.records import Visit, to_json
from orchestrator.visiting import Request, Run, visit

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


@click.command("visit")
@click.argument("url")
@click.option("--from", "source", default="", help="The host that clicks [default: the first].")
@click.option("--client", type=click.Choice(["chromium", "curl"]), default="chromium")
@click.option("--http", type=click.Choice(["1.1", "2"]), default="2", help="Highest version.")
@click.option(
    "--cold/--warm",
    default=False,
    help="Empty lease, ARP, DNS and edge caches first, or leave them as they are [default].",
)
@click.option("--timeout", default=30.0, show_default=True, help="Seconds it may take.")
@click.option(
    "--captures",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_CAPTURES,
    show_default=True,
    help="Where runs are kept.",
)
@name_option
@json_option
def visit_command(
    url: str,
    source: str,
    client: str,
    http: str,
    cold: bool,
    timeout: float,
    captures: Path,
    name: str,
    as_json: bool,
) -> int:
    """Visit a URL from a host of the lab, with a capture on every interface.

    Exits 1 if the visit fails; its run is written all the same.
    """
    kind = "curl" if client == "curl" else "chromium"
    request = Request(url, source, kind, http, cold, timeout)  # type: ignore[arg-type]
    run = visit(chosen_lab(name), request, captures)
    if as_json:
        print_json(to_json(run.visit))
    else:
        print_run(run)
    return 0 if run.visit.error is None else 1


def print_run(run: Run) -> None:
    """The timing table of a visit, and where its evidence lies."""
    from rich.console import Console
    from rich.table import Table

    record, console = run.visit, Console(highlight=False)
    if run.capture.drops:
        console.print(f"[red]{run.capture.drops} packets were not captured[/red]")
    console.print(_headline(record))
    table = Table("step", "ms", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for key, label in STEPS.items():
        if key == "dom_content_loaded" and record.resources:
            table.add_row(f"{len(record.resources)} sub-resources", _resources_ms(record))
        table.add_row(label, _milliseconds(getattr(record.timings_ms, key)))
    console.print(table)
    console.print(f"{run.capture.packets} packets at {len(run.capture.per_node)} nodes")
    console.print(f"evidence: {run.folder}/")


def _headline(record: Visit) -> str:
    if record.error:
        return f"[red]{record.url}: failed: {record.error}[/red] {record.error_detail}"
    served = f"{record.status} {record.protocol} from {record.remote_address}"
    return f"[bold]{record.url}[/bold] → {served}, seen from {record.node}"


def _resources_ms(record: Visit) -> str:
    """From the first sub-resource's start to the last one's end."""
    start = min(resource.start_ms for resource in record.resources)
    end = max(resource.start_ms + resource.duration_ms for resource in record.resources)
    return _milliseconds(end - start)


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
