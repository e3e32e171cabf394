"""`study.html`: a study as one page that needs nothing but itself.

It looks as a journey's page does, and keeps to the same policy (report/page.py), but for scripts:
there are none.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.analysis.failover.findings import (
    ChainLink,
    ProbeFinding,
    Spread,
    StudyFinding,
    TrialFinding,
)
from orchestrator.records.study import Trial
from orchestrator.report.environment import environment, read_template
from orchestrator.report.failover.choose import milestones, typical
from orchestrator.report.failover.layout import Window, whole
from orchestrator.report.failover.plot import draw, panel_of
from orchestrator.report.words import counted

# A part of the trial is drawn again, larger, if it is less than this share of the whole.
_WORTH_ENLARGING = 0.4
# Around that part: a little before the fault, and as much again as it took to get over it.
_BEFORE, _AFTER = 0.15, 1.5


@dataclass(frozen=True)
class ProbeRow:
    """A probe over all trials: counts added up."""

    first: ProbeFinding
    sent: int
    lost: int
    slow: int
    kinds: str
    outage: Spread | None


@dataclass(frozen=True)
class Link:
    """A step of the chain, and the line to type that shows it; "" where nothing does."""

    link: ChainLink
    command: str
    main: bool


@dataclass(frozen=True)
class Chain:
    """What followed a fault, or its healing."""

    title: str
    links: tuple[Link, ...]


def write_html(finding: StudyFinding, trials: Sequence[Trial]) -> str:
    """The page of a study: HTML, whole."""
    style = read_template("page.css") + read_template("failover.css")
    chosen = typical(finding)
    template = environment(autoescape=True).get_template("study.html.j2")
    return template.render(
        study=finding,
        summary=summarise(finding),
        style=style,
        policy=_policy(style),
        plots=_plots(finding, trials),
        probes=[_row(finding, name) for name in _names(finding)],
        chosen=chosen,
        chains=_chains(chosen) if chosen else [],
        paths=[p for p in chosen.probes.values() if p.paths] if chosen else [],
    )


def summarise(finding: StudyFinding) -> str:
    """One sentence: how many trials, what was expected, how long probes were cut off."""
    held = sum(verdict.passed for verdict in finding.verdicts)
    told = [f"{counted(len(finding.trials), 'trial')}"]
    if finding.verdicts:
        told.append(f"{held} of {counted(len(finding.verdicts), 'expectation')} held")
    hit = {name: spread for name, spread in finding.outage_ms.items() if spread.most > 0}
    for name, spread in hit.items():
        told.append(f"{name} was cut off for {spread.median:,.0f} ms in the median")
    if finding.outage_ms and not hit:
        told.append("no probe was cut off")
    return f"{'Passed' if finding.passed else 'Not passed'}: {'; '.join(told)}."


def _policy(style: str) -> str:
    """Allow the one style by its hash, and nothing else (Content Security Policy, level 3)."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _names(finding: StudyFinding) -> list[str]:
    return list(dict.fromkeys(name for trial in finding.trials for name in trial.probes))


def _row(finding: StudyFinding, name: str) -> ProbeRow:
    found = [trial.probes[name] for trial in finding.trials if name in trial.probes]
    kinds = dict.fromkeys(kind for probe in found for kind in probe.failed)
    counts = {kind: sum(probe.failed.get(kind, 0) for probe in found) for kind in kinds}
    return ProbeRow(
        first=found[0],
        sent=sum(probe.sent for probe in found),
        lost=sum(probe.lost for probe in found),
        slow=sum(probe.slow for probe in found),
        kinds=", ".join(f"{count:,} {kind}" for kind, count in counts.items()),
        outage=finding.outage_ms.get(name),
    )


def _plots(finding: StudyFinding, trials: Sequence[Trial]) -> list[tuple[str, str]]:
    """(caption, SVG): the whole trial, and its eventful part if that is a small one."""
    panel = panel_of(finding, trials, title="")
    if panel is None:
        return []
    plots = [("The whole trial", draw([panel], finding.name, styled=False))]
    if near := _eventful(finding, trials):
        closer = panel_of(finding, trials, title="", window=near)
        assert closer is not None  # as there is a panel of the whole
        plots.append(("Around the fault", draw([closer], finding.name, styled=False)))
    return plots


def _eventful(finding: StudyFinding, trials: Sequence[Trial]) -> Window | None:
    """From just before the first fault until all was answered again; None if that is most of it."""
    chosen = typical(finding)
    trial = next((t for t in trials if chosen and t.number == chosen.number), None)
    if chosen is None or trial is None or not chosen.faults:
        return None
    last_ms = (
        max(link.ms for link in milestones(chosen.faults[0].chain))
        if chosen.faults[0].chain
        else 0.0
    )
    all_of_it = whole(trial)
    span_ms = last_ms * (_BEFORE + _AFTER)
    if not 0 < span_ms < _WORTH_ENLARGING * (all_of_it.end_ms - all_of_it.start_ms):
        return None
    return Window(
        max(all_of_it.start_ms, -_BEFORE * last_ms), min(all_of_it.end_ms, _AFTER * last_ms)
    )


def _chains(trial: TrialFinding) -> list[Chain]:
    chains = []
    for fault in trial.faults:
        name = f"{fault.event.fault} of {fault.event.target}"
        chains.append(Chain(f"After {name}", _links(trial, fault.chain)))
        if fault.mended:
            chains.append(Chain(f"After it was healed: {name}", _links(trial, fault.mended)))
    return chains


def _links(trial: TrialFinding, chain: Sequence[ChainLink]) -> tuple[Link, ...]:
    main = {id(link) for link in milestones(chain)}
    return tuple(Link(link, show(trial.number, link), id(link) in main) for link in chain)


def show(number: int, link: ChainLink) -> str:
    """The line that shows a step of the chain, to be typed in the study's folder."""
    if link.frame is not None:
        node, frame = link.frame
        file = shlex.quote(f"trial-{number}/{node}.pcapng")
        return f"tshark -r {file} -Y 'frame.number == {frame}'"
    if link.event is not None:
        return f"sed -n {link.event + 1}p trial-{number}/events.jsonl"
    return ""
