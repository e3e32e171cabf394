"""`journey.html`: the journey as one page that needs nothing but itself.

What a run holds was said by others (titles, headers, log lines), so every value is escaped, and a
policy lets the page run its own script and no other, draw its own images, and ask nobody for
anything (Content Security Policy, level 3).
"""

from __future__ import annotations

import base64
import hashlib

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.report import words
from orchestrator.report.environment import environment, read_template
from orchestrator.report.figures import card_figures, time_figures, transfer_figures, vital_figures
from orchestrator.report.glossary import define_all
from orchestrator.report.hops import follow
from orchestrator.report.map import draw_map
from orchestrator.report.material import Material, Picture
from orchestrator.report.nesting import fold, nest
from orchestrator.report.packets import choose_packets
from orchestrator.report.sequence import draw_sequence
from orchestrator.report.waterfall import PHASES, draw_waterfall

# Of a film no more than these, evenly spread, so that a page stays small.
_FILM = 12


def render_page(material: Material) -> str:
    """The page of a journey: HTML, whole."""
    journey, evidence = material.journey, material.evidence
    style, script = read_template("page.css"), read_template("page.js")
    template = environment(autoescape=True).get_template("page.html.j2")
    return template.render(
        journey=journey,
        visit=journey.visit,
        summary=words.summarise(journey),
        cards=card_figures(journey.visit),
        sections=_sections(material),
        groups=_groups(journey),
        style=style,
        script=script,
        policy=_policy(style, script),
        map=draw_map(journey, evidence.plan),
        sequence=draw_sequence(journey, evidence.plan),
        waterfall=draw_waterfall(journey, evidence.har),
        phases=PHASES,
        packets=choose_packets(journey, evidence),
        followed=[follow(name, trace) for name, trace in journey.traces.items()],
        times=time_figures(journey.visit),
        vitals=vital_figures(journey.visit),
        transfers=transfer_figures(journey.visit),
        glossary=define_all(term for step in journey.steps for term in step.terms),
        screenshot=material.screenshot,
        film=_thin(material.film),
    )


def _groups(journey: Journey) -> list[list[tuple[int, int, Step]]]:
    """(number, depth, step) of all steps; those to fold together in one list."""
    depths, steps = nest(journey.steps), journey.steps
    return [[(p + 1, depths[p], steps[p]) for p in places] for places in fold(steps)]


def _sections(material: Material) -> list[tuple[str, str]]:
    """(anchor, name) of each section that the page has."""
    journey = material.journey
    there = (
        ("page", "The page", bool(material.screenshot or material.film)),
        ("map", "Map", True),
        ("waterfall", "Waterfall", True),
        ("steps", "Steps", True),
        ("sequence", "Sequence", True),
        ("packets", "Frames", bool(choose_packets(journey, material.evidence))),
        ("hops", "Hops", bool(journey.traces)),
        ("numbers", "Numbers", True),
        ("glossary", "Glossary", any(step.terms for step in journey.steps)),
    )
    return [(anchor, name) for anchor, name, is_there in there if is_there]


def _thin(film: tuple[Picture, ...]) -> tuple[Picture, ...]:
    """At most _FILM pictures, first and last among them."""
    if len(film) <= _FILM:
        return film
    return tuple(film[round(n * (len(film) - 1) / (_FILM - 1))] for n in range(_FILM))


def _policy(style: str, script: str) -> str:
    """Allow what is inline by its hash, images that are inside, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
