"""A visit's report, read as a user would: in the terminal, as files, and in a real browser."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from orchestrator.report.page import render_page
from tests.e2e.conftest import REPOSITORY, Run, RunningLab
from tests.e2e.viewer import COMPLAINTS, Viewer, view
from tests.unit.report.samples import HOSTILE, whole

URL = "https://www.example.com/"
ARTIFACTS = Path(os.environ.get("CLICKLAB_TEST_ARTIFACTS", REPOSITORY / "test-artifacts"))
PHONE, DESKTOP = (360, 740), (1280, 900)
# Nobody is there to answer: what needs Docker, or a lab, fails.
OFFLINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
OPEN_ALL = "document.querySelectorAll('details').forEach((e) => { e.open = %s; })"
# What sticks out at the right, but for what is in a box that scrolls by itself.
TOO_WIDE = """[...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll, .film, code"))
  .map((e) => e.tagName + "." + e.className)"""
FOCUSED = """(() => { const e = document.activeElement;
  return [e.tagName, (e.textContent || "").trim().slice(0, 40)]; })()"""


@pytest.fixture(scope="module")
def run(cold: Run) -> Run:
    return cold


@pytest.fixture(scope="module")
def told(run: Run) -> dict[str, Any]:
    journey: dict[str, Any] = json.loads((run.folder / "journey.json").read_text())
    return journey


@pytest.fixture(scope="module")
def viewer(engine: docker.DockerClient, internet: RunningLab, run: Run) -> Iterator[Viewer]:
    html = (run.folder / "journey.html").read_bytes()
    with view(engine, f"clicklab.{internet.name}.laptop", html) as opened:
        yield opened


@pytest.fixture
def unfolded(viewer: Viewer) -> Iterator[Viewer]:
    """With all that can be opened open, for one test."""
    viewer.evaluate(OPEN_ALL % "true")
    yield viewer
    viewer.evaluate(OPEN_ALL % "false")


def report(internet: RunningLab, *arguments: str) -> str:
    done = internet.cli.try_run("report", *arguments, environment=OFFLINE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_visit_leaves_its_journey(run: Run, told: dict[str, Any]) -> None:
    assert (told["format"], told["run"], told["url"]) == (2, run.record["run"], URL)
    assert told["steps"]
    assert (run.folder / "journey.md").read_text().startswith("# Journey of ")
    assert (run.folder / "journey.html").stat().st_size < 1_500_000


def test_the_narrative_is_quick_to_read(
    internet: RunningLab, run: Run, told: dict[str, Any]
) -> None:
    folder = str(run.folder)
    narrow = {**OFFLINE, "COLUMNS": "80"}
    printed = internet.cli.try_run("report", folder, environment=narrow).stdout.splitlines()
    # A path is one word, however long.
    assert max(len(line) for line in printed if " " in line.strip()) <= 80
    assert len(printed) <= 60
    assert printed[0].startswith(f"laptop asked for {URL}")
    assert any(line.startswith("critical path") for line in printed)
    every = report(internet, folder, "--verbose")
    for step in told["steps"]:
        assert step["title"][:40] in every


def test_a_report_needs_nothing_but_the_folder(internet: RunningLab, run: Run) -> None:
    before = {path: path.read_bytes() for path in run.folder.glob("journey.*")}
    for path in run.folder.glob("journey.[hmj][tds]*"):
        path.unlink()
    report(internet, str(run.folder))
    after = {path: path.read_bytes() for path in run.folder.glob("journey.*")}
    assert after == before


def test_each_format_can_be_printed_or_written(
    internet: RunningLab, run: Run, tmp_path: Path
) -> None:
    for wanted in ("md", "json", "html"):
        expected = (run.folder / f"journey.{wanted}").read_text()
        assert report(internet, str(run.folder), "--format", wanted) == expected
    output = tmp_path / "told.json"
    assert report(internet, str(run.folder), "--format", "json", "--output", str(output)) == ""
    assert output.read_text() == (run.folder / "journey.json").read_text()
    report(internet, str(run.folder), "--output", str(tmp_path / "told.txt"))
    assert URL in (tmp_path / "told.txt").read_text()
    assert not list(tmp_path.glob(".*")), "what was unfinished is still there"


def test_a_run_that_is_not_there(internet: RunningLab, run: Run) -> None:
    name = run.folder.name
    done = internet.cli.try_run("report", name[:-1] + "x", "--captures", str(internet.captures))
    assert done.returncode == 2
    assert f"did you mean '{name}'?" in done.stderr


def test_the_page_asks_nobody_for_anything_and_has_no_error(viewer: Viewer) -> None:
    asked = [sent["request"]["url"] for sent in viewer.said("Network.requestWillBeSent")]
    assert [address for address in asked if address.startswith("file:")] == asked[:1]
    assert all(address.startswith("data:") for address in asked[1:])
    assert viewer.said(*COMPLAINTS) == []


def test_every_step_is_in_the_page(viewer: Viewer, told: dict[str, Any]) -> None:
    titles = viewer.evaluate(
        "[...document.querySelectorAll('[id^=step-] h3')].map((e) => e.lastChild.data.trim())"
    )
    assert titles == [" ".join(step["title"].split()) for step in told["steps"]]
    commands = viewer.evaluate(
        "[...document.querySelectorAll('.proofs code')].map((e) => e.textContent)"
    )
    assert len(commands) == sum(len(step["proofs"]) for step in told["steps"])


def test_every_term_leads_to_its_definition(viewer: Viewer, told: dict[str, Any]) -> None:
    terms = viewer.evaluate(
        "[...document.querySelectorAll('.terms a')].filter((e) => document.querySelector(e.hash))"
        ".map((e) => e.textContent)"
    )
    assert sorted(terms) == sorted(term for step in told["steps"] for term in step["terms"])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_page_fits_the_screen(viewer: Viewer, size: tuple[int, int], dark: bool) -> None:
    viewer.show(*size, dark=dark)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    name = f"journey-{'phone' if size == PHONE else 'desktop'}-{'dark' if dark else 'light'}.png"
    (ARTIFACTS / name).write_bytes(viewer.screenshot())
    assert viewer.evaluate("document.scrollingElement.clientWidth") == size[0]
    assert viewer.evaluate("document.scrollingElement.scrollWidth") <= size[0]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_what_is_folded_fits_too(unfolded: Viewer, size: tuple[int, int]) -> None:
    unfolded.show(*size)
    assert unfolded.evaluate(TOO_WIDE) == []
    assert unfolded.evaluate("document.scrollingElement.scrollWidth") <= size[0]


def test_the_page_can_be_used_with_the_keyboard(viewer: Viewer) -> None:
    viewer.show(*DESKTOP)
    viewer.press("Tab")
    assert viewer.evaluate(FOCUSED) == ["A", "Skip to the journey"]
    reached = {"A"}
    for _ in range(60):
        viewer.press("Tab")
        tag, _ = viewer.evaluate(FOCUSED)
        reached.add(tag)
        if tag == "SUMMARY" and viewer.evaluate("!!document.activeElement.closest('[id^=step-]')"):
            break
    assert reached >= {"A", "SUMMARY", "BUTTON", "DIV"}
    is_open = "document.activeElement.parentElement.open"
    assert viewer.evaluate(is_open) is False
    viewer.press("Enter")
    assert viewer.evaluate(is_open) is True
    shown = viewer.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert shown != "none", "where the focus is cannot be seen"


def test_a_frame_is_chosen_by_its_button(viewer: Viewer) -> None:
    shown = "[...document.querySelectorAll('[data-tab]')].filter((e) => !e.hidden).map((e) => e.id)"
    assert viewer.evaluate(shown) == ["packet-request"]
    viewer.evaluate("document.querySelector('.tablist button').focus()")
    viewer.press("Enter")
    assert viewer.evaluate(shown) == ["packet-dns-query"]


def test_what_others_said_is_shown_and_not_run(
    engine: docker.DockerClient, internet: RunningLab
) -> None:
    html = render_page(whole()).encode()
    with view(engine, f"clicklab.{internet.name}.laptop", html) as hostile:
        assert hostile.evaluate("document.querySelector('h1').textContent").endswith(HOSTILE)
        assert hostile.evaluate("document.scripts.length") == 1
        assert hostile.said("Page.javascriptDialogOpening", *COMPLAINTS) == []
        hostile.show(*PHONE)
        assert hostile.evaluate("document.scrollingElement.scrollWidth") <= PHONE[0]
