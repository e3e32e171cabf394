"""A study on a terminal: what goes on, what was found, and two of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from orchestrator.analysis.failover.findings import (
    ChainLink,
    ProbeFinding,
    Spread,
    StudyFinding,
    TrialFinding,
    Verdict,
)
from orchestrator.cli import interrupts
from orchestrator.cli.common import print_json
from orchestrator.records.study import Sample
from orchestrator.report.failover.compare import Difference, compare_studies
from orchestrator.report.failover.plain import to_json
from orchestrator.studies.trial import Progress
from orchestrator.verbs.up import Stages

_CHAIN_AT_MOST = 12
_WORTH_TELLING = 1.2  # times more or less


@contextmanager
def told_progress() -> Iterator[tuple[Progress, Stages]]:
    """A line per trial and fault on standard error; a live count of questions on a terminal."""
    console = Console(stderr=True, highlight=False)
    status = console.status("", spinner="dots")

    def asked(elapsed_ms: float, samples: Sequence[Sample]) -> None:
        failed = sum(not sample.good for sample in samples)
        status.update(f"{elapsed_ms / 1e3:5.1f} s  {len(samples)} questions, {failed} failed")
        interrupts.check()

    def begin(name: str) -> None:
        status.update(name)

    def end(name: str, seconds: float) -> None:
        console.print(f"  {seconds:6.2f} s  {name}")
        interrupts.check()

    def pending(reasons: Mapping[str, str]) -> None:
        if reasons:
            first = min(reasons)
            status.update(f"waiting for {len(reasons)} nodes; {first}: {reasons[first]}")

    progress = Progress(
        trial=lambda number, of: console.print(f"trial {number} of {of}"),
        fault=lambda told: console.print(f"  {told}"),
        asked=asked,
        stage=status.update,
    )
    with status:
        yield progress, Stages(begin, end, pending)


def print_study(finding: StudyFinding, folder: Path, as_json: bool) -> None:
    """What a study found, and where its files are."""
    if as_json:
        print_json({**to_json(finding), "run": str(folder)})
        return
    trials = f"{len(finding.trials)} trial{'s' if len(finding.trials) > 1 else ''}"
    click.echo(f"{finding.name}: {finding.about or 'a study'}; {trials}")
    for trial in finding.trials:
        for note in trial.notes:
            click.echo(f"note: trial {trial.number}: {note}")
    _print_probes(finding)
    _print_chain(finding.trials)
    for verdict in finding.verdicts:
        click.echo(_told(verdict))
    if finding.partial:
        click.echo("this study did not run to its end, and so did not pass")
    click.echo(f"evidence: {folder}/, to read: {folder}/study.html")


def _told(verdict: Verdict) -> str:
    mark = click.style("✓", fg="green") if verdict.passed else click.style("✗", fg="red")
    return f"{mark} {verdict.expected}: {verdict.measured}"


def _print_probes(finding: StudyFinding) -> None:
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("probe", "outage", "from–to", "sent", "lost", "slow", "failed"):
        table.add_column(column, justify="left" if column in ("probe", "failed") else "right")
    for name in dict.fromkeys(name for trial in finding.trials for name in trial.probes):
        found = [trial.probes[name] for trial in finding.trials if name in trial.probes]
        table.add_row(name, *_outage(finding.outage_ms.get(name)), *_counts(found))
    Console(highlight=False).print(table)


def _outage(spread: Spread | None) -> tuple[str, str]:
    """Its median, and from where to where it went."""
    if spread is None:
        return "", ""
    told = f"{spread.least:.0f}–{spread.most:.0f} ms" if len(spread.values) > 1 else ""
    return f"{spread.median:.0f} ms", told


def _counts(found: Sequence[ProbeFinding]) -> tuple[str, str, str, str]:
    """Over all trials: sent, lost, slow, and all that failed by kind."""
    kinds: dict[str, int] = {}
    for probe in found:
        for kind, number in probe.failed.items():
            kinds[kind] = kinds.get(kind, 0) + number
    failed = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    counts = [sum(getattr(probe, what) for probe in found) for what in ("sent", "lost", "slow")]
    return str(counts[0]), str(counts[1]), str(counts[2]), failed or "none"


def _print_chain(trials: Sequence[TrialFinding]) -> None:
    """How the first fault of the first trial was got over."""
    fault = next((fault for trial in trials for fault in trial.faults), None)
    if fault is None:
        return
    for title, chain in (("", fault.chain), ("healed", fault.mended)):
        if not chain:
            continue
        click.echo(f"{fault.event.fault} {fault.event.target}{title and f', {title}'}:")
        for link in chain[:_CHAIN_AT_MOST]:
            click.echo(f"  {link.ms:8.1f} ms  {link.stage:9}  {_where(link)}{link.told}")
        if len(chain) > _CHAIN_AT_MOST:
            click.echo(f"  … and {len(chain) - _CHAIN_AT_MOST} more, in the report")


def _where(link: ChainLink) -> str:
    frame = f" ({link.frame[0]} #{link.frame[1]})" if link.frame else ""
    return f"{link.node}{frame}: " if link.node else ""


def print_comparison(
    studies: Sequence[StudyFinding], folders: Sequence[Path], as_json: bool
) -> None:
    """Two studies side by side: medians over their trials, and what is more in the second."""
    compared = compare_studies(*studies)
    if as_json:
        print_json({"runs": [str(folder) for folder in folders], **asdict(compared)})
        return
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("")
    for name, passed, folder in zip(compared.names, compared.passed, folders, strict=True):
        table.add_column(f"{name} {'✓' if passed else '✗'}\n{folder.name}", justify="right")
    table.add_column("")
    for row in compared.differences:
        if row.a or row.b:
            spreads = [_spread_of(study, row) for study in studies]
            cells = [_cell(row.a, row.unit, spreads[0]), _cell(row.b, row.unit, spreads[1])]
            table.add_row(f"{row.subject}: {row.figure}", *cells, _differs(row, *spreads))
    Console(highlight=False).print(table)


def _spread_of(study: StudyFinding, row: Difference) -> Spread | None:
    """How far a figure went over the trials, where that is known."""
    return study.outage_ms.get(row.subject) if row.figure == "outage" else None


def _cell(figure: float | None, unit: str, spread: Spread | None) -> str:
    if figure is None:
        return "–"
    told = f"{figure:,.0f} {unit}".strip()
    return f"{told} ({spread.least:,.0f}–{spread.most:,.0f})" if spread and spread.range else told


def _differs(row: Difference, one: Spread | None, other: Spread | None) -> str:
    """What is more, by how much; "" where it may be chance."""
    if row.a is None or row.b is None:
        return "only in one"
    if one and other and one.least <= other.most and other.least <= one.most:
        return ""
    if row.factor is None or not row.factor:
        return "" if row.a == row.b else "more" if row.b > row.a else "less"
    larger = max(row.factor, 1 / row.factor)
    return "" if larger < _WORTH_TELLING else f"{larger:.1f}× {'more' if row.b > row.a else 'less'}"
