"""`journey.md`: the journey as text for a wiki, an issue or a paper."""

from __future__ import annotations

from orchestrator.analysis.journey import Journey
from orchestrator.report.environment import environment
from orchestrator.report.figures import time_figures, transfer_figures, vital_figures
from orchestrator.report.glossary import define_all
from orchestrator.report.words import summarise

# What would make a table, a heading or markup out of what a run's servers said.
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>#|!"} | {"\n": " ", "\r": " "})


def escape(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    return str(text).translate(_MARKS)


def code(text: str) -> str:
    """Text as code, on one line, whatever backticks are in it (CommonMark, 6.1)."""
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if len(fence) > 1 else ""
    return f"{fence}{pad}{' '.join(text.splitlines())}{pad}{fence}"


def render_markdown(journey: Journey) -> str:
    """The journey as CommonMark with tables."""
    visit = journey.visit
    return (
        environment(autoescape=False)
        .get_template("journey.md.j2")
        .render(
            journey=journey,
            visit=visit,
            summary=summarise(journey),
            times=(*time_figures(visit), *vital_figures(visit)),
            transfers=transfer_figures(visit),
            glossary=define_all(term for step in journey.steps for term in step.terms),
            escape=escape,
            code=code,
        )
    )
