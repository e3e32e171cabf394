"""A journey as files: a page to read, Markdown to quote, JSON to compute with."""

from __future__ import annotations

from orchestrator.report.environment import compile_template
from orchestrator.report.markdown import render_markdown
from orchestrator.report.material import Material
from orchestrator.report.page import render_page
from orchestrator.report.plain import journey_to_plain
from orchestrator.visible import visible_json


def prepare_report() -> None:
    """What `render_report` does first, for who has time before: a tenth of a second."""
    compile_template("page.html.j2", autoescape=True)
    compile_template("journey.md.j2", autoescape=False)


def render_report(material: Material) -> dict[str, str]:
    """The text of each file, by its name in the run's folder."""
    plain = journey_to_plain(material.journey)
    return {
        "journey.html": render_page(material),
        "journey.md": render_markdown(material.journey),
        "journey.json": visible_json(plain, indent=1) + "\n",
    }
