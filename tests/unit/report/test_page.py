from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace

import pytest

from orchestrator.report.material import Material, Picture
from orchestrator.report.page import render_page
from tests.unit.report.reading import Page, read
from tests.unit.report.samples import HOSTILE, PICTURE, nothing, whole


@pytest.fixture(scope="module", params=[whole, nothing], ids=["whole", "nothing"])
def page(request: pytest.FixtureRequest) -> Page:
    return read(render_page(request.param()))


@pytest.fixture(scope="module")
def full() -> Page:
    return read(render_page(whole()))


def test_what_is_opened_is_closed(page: Page) -> None:
    assert page.unclosed == []


def test_ids_are_unique_and_links_lead_to_them(page: Page) -> None:
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = [e.attributes["href"].removeprefix("#") for e in page.all("a")]
    labels = [
        part for e in page.elements for part in e.attributes.get("aria-labelledby", "").split()
    ]
    assert {*targets, *labels} <= set(ids)


def test_nothing_is_asked_of_anybody(page: Page) -> None:
    for element in page.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
            value = element.attributes.get(name, "#")
            assert value.startswith(("#", "data:")), (element.tag, name, value)
    style = next(page.all("style")).text
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_what_is_inline_and_no_more(page: Page) -> None:
    meta = next(e for e in page.all("meta") if "http-equiv" in e.attributes)
    assert meta.attributes["http-equiv"] == "Content-Security-Policy"
    policy = dict(part.strip().split(" ", 1) for part in meta.attributes["content"].split(";"))
    assert policy["default-src"] == "'none'"
    for kind in ("style", "script"):
        (element,) = page.all(kind)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert policy[f"{kind}-src"] == f"'sha256-{digest}'"
    # The policy refuses both, so a page that has them is not drawn as meant.
    assert not [e.tag for e in page.elements if "style" in e.attributes]
    assert not [e.tag for e in page.elements if any(a.startswith("on") for a in e.attributes)]


def test_hostile_text_is_text(full: Page) -> None:
    assert len(list(full.all("script"))) == 1
    assert all(e.attributes["src"].startswith("data:") for e in full.all("img"))
    assert HOSTILE in next(full.all("title")).text
    assert HOSTILE in next(full.all("h1")).text
    assert len([e for e in full.all("p") if e.text == HOSTILE]) == 1


def test_warnings_come_before_the_rest(full: Page) -> None:
    (warnings,) = [e for e in full.all("div") if e.attributes.get("class") == "warnings"]
    (summary,) = [e for e in full.all("p") if e.attributes.get("class") == "summary"]
    assert "a second one" in warnings.text
    assert full.elements.index(warnings) < full.elements.index(summary)


def test_every_step_is_there_with_its_evidence(full: Page) -> None:
    material = whole()
    titles = [e.text for e in full.all("h3") if "li" in e.parents]
    for told, title in zip(material.journey.steps, titles, strict=True):
        assert told.title in title
    commands = [e.text for e in full.all("code")]
    assert (
        "tshark -r laptop.pcapng -Y 'frame.number == 7 && (dns.qry.name == \"www.example.com\")'"
    ) in commands
    assert "Not as planned." in "".join(e.text for e in full.all("p"))


def test_headings_are_in_order(page: Page) -> None:
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_it_can_be_used_without_eyes_or_mouse(page: Page) -> None:
    assert next(page.all("html")).attributes["lang"] == "en"
    assert next(e for e in page.all("a")).attributes["href"] == "#main"
    assert all("scope" in e.attributes for e in page.all("th"))
    assert all(e.attributes.get("alt") for e in page.all("img"))
    assert all(e.text.strip() or "aria-label" in e.attributes for e in page.all("button"))
    for svg in page.all("svg"):
        hidden = svg.attributes.get("aria-hidden") == "true"
        named = {"aria-label", "aria-labelledby"} & set(svg.attributes)
        assert hidden or (svg.attributes["role"] == "img" and named)
    scrolling = [e for e in page.all("div") if e.attributes.get("class") == "scroll"]
    assert scrolling
    for box in scrolling:
        assert box.attributes["tabindex"] == "0"
        assert box.attributes["aria-label"]


def test_a_visit_that_left_nothing_is_told_as_far_as_it_goes() -> None:
    page = read(render_page(nothing()))
    text = next(page.all("main")).text
    assert "Nothing of this run could be told." in text
    assert "No packet of this visit was followed" in text
    assert not list(page.all("img"))


def test_a_long_film_is_thinned() -> None:
    film = tuple(Picture(b"jpeg", "image/jpeg", float(ms), ms / 99) for ms in range(100))
    page = read(render_page(Material(nothing().journey, nothing().evidence, None, film)))
    shown = [e.attributes["alt"] for e in page.all("img")]
    assert len(shown) == 12
    assert shown[0] == "The page at 0 ms"
    assert shown[-1] == "The page at 99.0 ms"


def test_pictures_are_inside() -> None:
    page = read(render_page(replace(nothing(), screenshot=PICTURE)))
    (image,) = page.all("img")
    data = base64.b64encode(PICTURE.data).decode()
    assert image.attributes["src"] == f"data:image/png;base64,{data}"
