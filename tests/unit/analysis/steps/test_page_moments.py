"""From HTML to pixels, by the page's own timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import page
from orchestrator.records.visit import Resource, Vitals
from tests.unit.analysis.builders import VISIT, Recording, at

NAVIGATION = {
    "responseStart": 50.0,
    "responseEnd": 52.0,
    "domInteractive": 80.0,
    "domContentLoadedEventStart": 150.0,
    "loadEventStart": 200.0,
    "decodedBodySize": 8000,
}


def resource(name: str, ended_ms: float, kind: str = "img", blocking: bool = False) -> Any:
    return {
        "name": f"https://www.example.com/static/{name}",
        "initiatorType": kind,
        "responseEnd": ended_ms,
        "renderBlockingStatus": "blocking" if blocking else "non-blocking",
    }


TIMELINE: dict[str, Any] = {
    "navigation": [NAVIGATION],
    "resource": [
        resource("shop.css", 100.0, "link", True),
        resource("shop.js", 140.0, "script"),
        resource("books.png", 190.0),
        resource("icon.svg", 300.0, "other"),
    ],
    "paint": [
        {"name": "first-paint", "startTime": 120.0},
        {"name": "first-contentful-paint", "startTime": 120.0},
    ],
}


def steps(timeline: dict[str, Any], **visit: Any) -> dict[str, Step]:
    story = Recording(visit=replace(VISIT, **visit)).story(timeline=timeline)
    return {step.title: step for step in page.TELLER.tell(story)}


def test_parsing_lasts_from_the_first_byte_to_dom_interactive() -> None:
    step = steps(TIMELINE)["The browser parses the HTML"]
    assert (step.start_ns, step.end_ns) == (at(50), at(80))
    assert "from 50.0 to 80.0 ms" in step.told
    assert step.details["html_bytes"] == 8000
    assert step.proofs[0].shows == "/navigation/0/domInteractive"


def test_parsing_begins_when_the_moments_say_so() -> None:
    moments = [
        {"name": "response-start", "startTime": 50},
        {"name": "parse-start", "startTime": 53},
    ]
    step = steps({**TIMELINE, "moment": moments})["The browser parses the HTML"]
    assert step.start_ns == at(53)
    assert "/moment/1/startTime" in [p.shows for p in step.proofs]


def test_paints_at_the_same_moment_are_one_step_that_names_what_blocked() -> None:
    step = steps(TIMELINE)["First paint and first contentful paint"]
    assert "shop.css, which blocks rendering, and came at 100.0 ms" in step.told
    assert step.details["waited_ms"] == 20.0
    assert [p.shows for p in step.proofs] == [
        "/paint/0/startTime",
        "/paint/1/startTime",
        "/resource/0/responseEnd",
    ]


def test_paints_at_different_moments_are_two_steps() -> None:
    paints = [{**TIMELINE["paint"][0]}, {**TIMELINE["paint"][1], "startTime": 130.0}]
    told = steps({**TIMELINE, "paint": paints})
    assert {"First paint", "First contentful paint"} <= set(told)


def test_milestones_are_told_at_their_own_time() -> None:
    """Not when their wait began, nor over the time that it lasted."""
    url = "https://www.example.com/static/books.png"
    largest = [{"startTime": 195.0, "element": "img", "url": url}]
    told = steps({**TIMELINE, "largest-contentful-paint": largest})
    moments = {
        "First paint and first contentful paint": 120,
        "DOMContentLoaded": 150,
        "Largest contentful paint": 195,
        "Load": 200,
    }
    seen = {title: (step.start_ns, step.end_ns) for title, step in told.items()}
    assert {title: seen[title] for title in moments} == {
        title: (at(ms), at(ms)) for title, ms in moments.items()
    }


def test_what_never_came_is_not_told_to_have_come() -> None:
    """Seen with a frozen server: "shop.css, which … came at 8032.6 ms", of none that came, and
    "all that the page is made of is there", of a page without its pictures."""
    lost = [
        Resource(f"https://www.example.com/static/{name}", None, None, 0, 50.0, 50.0)
        for name in ("shop.css", "shop.js", "books.png")
    ]
    told = steps(TIMELINE, resources=tuple(lost))
    paint = told["First paint and first contentful paint"].told
    assert "shop.css, which blocks rendering, and was given up at 100.0 ms" in paint
    assert "shop.js, which was given up at 140.0 ms" in told["DOMContentLoaded"].told
    load = told["Load"].told
    assert load.startswith("The browser waits for nothing more, though 3 files are missing: load")
    assert "Last, books.png was given up at 190.0 ms." in load


def test_dom_content_loaded_waits_for_a_script() -> None:
    step = steps(TIMELINE)["DOMContentLoaded"]
    assert "It waited for the script shop.js, which came at 140.0 ms." in step.told
    assert step.details["waited_ms"] == 10.0


def test_a_script_that_was_there_before_the_parser_ended_held_up_nothing() -> None:
    early = [TIMELINE["resource"][0], resource("shop.js", 70.0, "script")]
    step = steps({**TIMELINE, "resource": early})["DOMContentLoaded"]
    assert "It waited for nothing but the parser." in step.told


def test_load_waits_for_the_last_that_came_before_it() -> None:
    step = steps(TIMELINE)["Load"]
    assert "Last, books.png came at 190.0 ms." in step.told
    assert step.details["resources"] == 3
    assert step.proofs[1].shows == "/resource/2/responseEnd"


def test_vitals_are_told_with_the_load() -> None:
    vitals = Vitals(cumulative_layout_shift=0.123456)
    step = steps({**TIMELINE, "longtask": [{}]}, vitals=vitals)["Load"]
    assert step.details["long_tasks"] == 1
    assert step.details["cumulative_layout_shift"] == 0.1235


def test_the_largest_paint_names_its_image() -> None:
    url = "https://www.example.com/static/books.png"
    largest = [
        {"startTime": 150.0, "element": "p", "size": 10},
        {"startTime": 195.0, "element": "img.hero", "size": 9000, "url": url},
    ]
    step = steps({**TIMELINE, "largest-contentful-paint": largest})["Largest contentful paint"]
    assert (
        "img.hero, is drawn at 195.0 ms. Its image, books.png, had come at 190.0 ms." in step.told
    )
    assert step.proofs[0].shows == "/largest-contentful-paint/1/startTime"
    assert step.details["size_px"] == 9000


def test_nothing_is_told_without_a_timeline_or_a_page() -> None:
    assert steps({}) == {}
    assert steps(TIMELINE, status=None) == {}


def test_what_did_not_happen_is_not_told() -> None:
    begun = {**NAVIGATION, "domContentLoadedEventStart": 0, "loadEventStart": 0}
    told = steps({"navigation": [begun]})
    assert set(told) == {"The browser parses the HTML"}
