"""A run's journey, told: run folder → evidence → journey → files beside the evidence."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.analysis.evidence import Evidence
from orchestrator.analysis.journey import Journey, tell_journey
from orchestrator.analysis.milestones import number_milestones
from orchestrator.files import replace_file
from orchestrator.plan.legend import address_names
from orchestrator.records.embedding import embed_names
from orchestrator.records.merge import JOURNEY, merge
from orchestrator.refusals import writing
from orchestrator.report.main import prepare_report, render_report
from orchestrator.report.material import Material
from orchestrator.runs.door import MOST_CAPTURE, open_run
from orchestrator.runs.pictures import read_film, read_screenshot
from orchestrator.runs.read import read_run
from orchestrator.verbs.contradiction import judging


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nobody looks for garbage meanwhile. A run is a million values that are all needed to the
    end, and to go through them again and again takes a tenth of the time, or more of a large one.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def prepare() -> None:
    """What does not depend on the run."""
    prepare_report()


def tell(folder: Path) -> Journey:
    """Analyse a run. Raises as read_run does."""
    return analyse(folder)[0]


@_uncollected()
def analyse(folder: Path) -> tuple[Journey, Evidence]:
    """A run's journey, and what it was told from. Raises as read_run does."""
    with judging(folder):
        evidence = read_run(folder)
        return tell_journey(evidence), evidence


@_uncollected()
def tell_and_write(folder: Path) -> Journey:
    """Analyse a run, and leave its journey beside its evidence. Raises as read_run does."""
    journey, evidence = analyse(folder)
    with writing(folder):
        write_capture(folder, journey, evidence)
        for name, text in render(folder, journey, evidence).items():
            replace_file(folder / name, text)
    return journey


def render(folder: Path, journey: Journey, evidence: Evidence) -> dict[str, str]:
    """journey.html, journey.md and journey.json: the text of each by its name."""
    pictures = read_screenshot(folder), read_film(folder)
    with judging(folder):
        return render_report(Material(journey, evidence, *pictures))


def write_capture(folder: Path, journey: Journey, evidence: Evidence) -> None:
    """journey.pcapng: what all nodes saw, in one file, with names, and comments at milestones."""
    with open_run(folder) as door:
        names = [f"{node}.pcapng" for node in evidence.frames]
        # An empty file is no capture, and has nothing to add.
        files = {name: data for name in names if (data := door.data(name, MOST_CAPTURE))}
    comments = number_milestones(journey.steps, evidence.frames)
    merged = embed_names(merge(files, comments), address_names(evidence.plan))
    replace_file(folder / JOURNEY, merged)
