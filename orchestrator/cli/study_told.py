"""A study on a terminal: what goes on, what was found, and two of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

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
from orchestrator.cli.layout import Output, open_output
from orchestrator.cli.lines import styled
from orchestrator.cli.progress import Waiting
from orchestrator.cli.tables import Column, Row
from orchestrator.records.study import Sample
from orchestrator.report.failover.compare import Comparison, Difference, compare_studies
from orchestrator.report.failover.plain import to_json
from orchestrator.studies.trial import Progress
from orchestrator.verbs.up import Stages

_PROBES = (
    Column("probe"),
    *(Column(name, right=True) for name in ("outage", "from–to", "sent", "lost", "slow")),
    Column("failed", least=1),
)
_CHAIN_AT_MOST = 12
_COMPARED = (
    Column(least=16),
    Column("first", right=True, least=8),
    Column("second", right=True, least=8),
    Column(least=8),
)
_WORTH_TELLING = 1.2  # times more or less


@contextmanager
def told_progress() -> Iterator[tuple[Progress, Stages]]:
    """A line per trial and fault on standard error; a live count of questions on a terminal."""
    waiting = Waiting()

    def asked(elapsed_ms: float, samples: Sequence[Sample]) -> None:
        failed = sum(not sample.good for sample in samples)
        waiting.now(f"{elapsed_ms / 1e3:5.1f} s  {len(samples)} questions, {failed} failed")
        interrupts.check()

    progress = Progress(
        trial=lambda number, of: waiting.line(f"trial {number} of {of}"),
        fault=lambda told: waiting.line(f"  {told}"),
        asked=asked,
        stage=waiting.now,
    )
    with waiting:
        yield progress, Stages(waiting.now, waiting.stage_ended, waiting.waits)


def print_study(finding: StudyFinding, folder: Path, as_json: bool) -> None:
    """What a study found, and where its files are."""
    if as_json:
        print_json({**to_json(finding), "run": str(folder)})
        return
    print_finding(open_output(), finding, folder)


def print_finding(output: Output, finding: StudyFinding, folder: Path) -> None:
    """The probes as a table, how the first fault was got over, and the verdicts."""
    trials = f"{len(finding.trials)} trial{'s' if len(finding.trials) > 1 else ''}"
    output.say(f"{finding.name}: {finding.about or 'a study'}; {trials}", hang=2)
    for trial in finding.trials:
        for note in trial.notes:
            output.say(f"note: trial {trial.number}: {note}", hang=2)
    output.table(_PROBES, _probes(finding))
    _print_chain(output, finding.trials)
    for verdict in finding.verdicts:
        _print_verdict(output, verdict)
    if finding.partial:
        output.say("this study did not run to its end, and so did not pass")
    output.say(f"evidence: {folder}/, to read: {folder}/study.html", hang=2)


def _print_verdict(output: Output, verdict: Verdict) -> None:
    mark = styled("✓ ", "green") if verdict.passed else styled("✗ ", "red")
    output.say(f"{verdict.expected}: {verdict.measured}", mark)


def _probes(finding: StudyFinding) -> Iterator[Row]:
    for name in dict.fromkeys(name for trial in finding.trials for name in trial.probes):
        found = [trial.probes[name] for trial in finding.trials if name in trial.probes]
        yield name, *_outage(finding.outage_ms.get(name)), *_counts(found)


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


def _print_chain(output: Output, trials: Sequence[TrialFinding]) -> None:
    """How the first fault of the first trial was got over."""
    fault = next((fault for trial in trials for fault in trial.faults), None)
    if fault is None:
        return
    for title, chain in (("", fault.chain), ("healed", fault.mended)):
        if not chain:
            continue
        output.say(f"{fault.event.fault} {fault.event.target}{title and f', {title}'}:")
        for link in chain[:_CHAIN_AT_MOST]:
            output.say(f"{_where(link)}{link.told}", f"  {link.ms:8.1f} ms  {link.stage:9}  ")
        if len(chain) > _CHAIN_AT_MOST:
            output.say(f"  and {len(chain) - _CHAIN_AT_MOST} more, in the report")


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
    print_compared(open_output(), compared, studies, folders)


def print_compared(
    output: Output,
    compared: Comparison,
    studies: Sequence[StudyFinding],
    folders: Sequence[Path],
) -> None:
    """Which two, whether each passed, and their figures as a table."""
    for place, name, passed, folder in zip(
        ("first", "second"), compared.names, compared.passed, folders, strict=True
    ):
        output.say(f"{name} {'✓' if passed else '✗'}, {folder.name}", f"{place}: ", 2)
    output.table(_COMPARED, _compared(compared, studies))


def _compared(compared: Comparison, studies: Sequence[StudyFinding]) -> Iterator[Row]:
    for row in compared.differences:
        if row.a or row.b:
            spreads = [_spread_of(study, row) for study in studies]
            cells = [_cell(row.a, row.unit, spreads[0]), _cell(row.b, row.unit, spreads[1])]
            yield f"{row.subject}: {row.figure}", *cells, _differs(row, *spreads)


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
