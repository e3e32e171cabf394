"""`study.svg`: the plot of a study's typical trial, which needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestrator.analysis.failover.findings import StudyFinding, TrialFinding
from orchestrator.records.study import Trial
from orchestrator.report.environment import environment, read_template
from orchestrator.report.failover.choose import typical
from orchestrator.report.failover.layout import WIDTH, Plot, Window, lay_out, whole

# Above a plot: what it is about, and a title over that where it has one.
_ABOUT, _TITLE = 26.0, 20.0


@dataclass(frozen=True)
class Panel:
    """A plot under its own title; ``y`` is where it begins in the drawing."""

    title: str
    about: str
    y: float
    plot: Plot


def write_svg(finding: StudyFinding, trials: Sequence[Trial]) -> str:
    """The plot of a study: SVG, with its own style, for light and dark."""
    return draw([panel] if (panel := panel_of(finding, trials)) else [], finding.name)


def panel_of(
    finding: StudyFinding,
    trials: Sequence[Trial],
    *,
    title: str | None = None,
    probes: Sequence[str] = (),
    window: Window | None = None,
) -> Panel | None:
    """The typical trial of a study, under what the study is about unless ``title`` says otherwise;
    of all its probes, unless some are named. None of a study without a trial."""
    chosen = typical(finding)
    trial = _trial(trials, chosen)
    if chosen is None or trial is None:
        return None
    plot = lay_out(chosen, trial, window or whole(trial), probes or list(chosen.probes))
    told = title if title is not None else finding.about or finding.name
    return Panel(told, about(finding, chosen), 0.0, plot)


def _trial(trials: Sequence[Trial], chosen: TrialFinding | None) -> Trial | None:
    return next((t for t in trials if chosen is not None and t.number == chosen.number), None)


def about(finding: StudyFinding, chosen: TrialFinding) -> str:
    """Which trial it is, and how the outages of all of them compare."""
    count = len(finding.trials)
    which = f"trial {chosen.number} of {count}" if count > 1 else "one trial"
    told = [
        f"{name} cut off for {spread.median:,.0f} ms (median; {spread.least:,.0f} to "
        f"{spread.most:,.0f})"
        if count > 1
        else f"{name} cut off for {spread.median:,.0f} ms"
        for name, spread in finding.outage_ms.items()
        if spread.most > 0
    ]
    return "; ".join([which, *told[:2]])


def draw(panels: Sequence[Panel], name: str, *, styled: bool = True) -> str:
    """Panels below each other as one SVG; without its style where a page has it already."""
    placed, y = [], 0.0
    for panel in panels:
        y += _ABOUT + (_TITLE if panel.title else 0.0)
        placed.append(replace(panel, y=y))
        y += panel.plot.height
    template = environment(autoescape=True).get_template("failover.svg.j2")
    return template.render(
        name=name,
        panels=placed,
        width=WIDTH,
        height=max(y, _ABOUT + _TITLE),
        style=read_template("failover.css") if styled else "",
    )
