"""`journey.md`: the journey as text for a wiki, an issue or a paper."""

from __future__ import annotations

import re

from orchestrator.analysis.journey import Journey
from orchestrator.report.environment import environment
from orchestrator.report.figures import time_figures, transfer_figures, vital_figures
from orchestrator.report.glossary import define_all
from orchestrator.report.words import summarise
from orchestrator.visible import visible

# What would make a table, a heading or markup out of what a run's servers said.
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>#|!&~"})
# What makes an item of a list, or a heading of what stands above it, where a line begins with it.
_BEGINS = re.compile(r"^(\d*)([-+=.)])")


def escape(text: object) -> str:
    """Text that Markdown shows as it is, on one line, with what would not be seen as escapes."""
    return _BEGINS.sub(r"\1\\\2", _on_one_line(str(text)).translate(_MARKS))


def _on_one_line(text: str) -> str:
    return visible(" ".join(text.splitlines()).replace("\t", " ").strip(), keep="")


def code(text: str) -> str:
    """Text as code, on one line, whatever backticks are in it (CommonMark, 6.1)."""
    text = _on_one_line(text)
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if len(fence) > 1 else ""
    return f"{fence}{pad}{text}{pad}{fence}"


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
