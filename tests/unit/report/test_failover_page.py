"""The page of a study, its tables, and two studies side by side."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from dataclasses import replace

import pytest

from orchestrator.analysis.failover.findings import ChainLink
from orchestrator.report.failover import (
    compare_studies,
    write_csv,
    write_html,
    write_samples,
)
from orchestrator.report.failover.page import show, summarise
from tests.unit.report import studies
from tests.unit.report.reading import Page, read


@pytest.fixture(scope="module")
def page() -> Page:
    return read(write_html(studies.study(), studies.trials()))


@pytest.fixture(scope="module", params=["whole", "hostile", "nothing"])
def any_page(request: pytest.FixtureRequest) -> Page:
    made = {
        "whole": (studies.study(), studies.trials()),
        "hostile": studies.hostile(),
        "nothing": (studies.nothing(), []),
    }
    return read(write_html(*made[request.param]))


def test_a_page_is_whole_and_asks_nobody(any_page: Page) -> None:
    assert any_page.unclosed == []
    ids = [e.attributes["id"] for e in any_page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in any_page.elements:
        for name in ("src", "href", "action", "xlink:href"):
            assert element.attributes.get(name, "#").startswith(("#", "data:"))
        assert "style" not in element.attributes, "the policy refuses it"
    assert not list(any_page.all("script"))


def test_the_policy_allows_the_style_and_no_more(any_page: Page) -> None:
    meta = next(e for e in any_page.all("meta") if "http-equiv" in e.attributes)
    policy = dict(part.strip().split(" ", 1) for part in meta.attributes["content"].split(";"))
    (style,) = any_page.all("style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{digest}'"


def test_the_page_can_be_used_without_eyes(any_page: Page) -> None:
    assert all("scope" in e.attributes for e in any_page.all("th"))
    for svg in any_page.all("svg"):
        assert svg.attributes["role"] == "img"
        assert svg.attributes["aria-label"]
    for box in (e for e in any_page.all("div") if e.attributes.get("class") == "scroll"):
        assert box.attributes["tabindex"] == "0"
        assert box.attributes["aria-label"]


def test_hostile_text_is_text() -> None:
    page = read(write_html(*studies.hostile()))
    assert studies.HOSTILE in next(page.all("h1")).text
    cells = [e.text for e in page.all("td", "th", "code", "caption")]
    assert sum(studies.HOSTILE in cell for cell in cells) >= 8
    assert any("tshark -r 'trial-1/" in cell and ">" in cell for cell in cells)


def test_verdicts_probes_chain_and_paths_are_there(page: Page) -> None:
    rows = [e.text.split("\n") for e in page.all("tr")]
    text = "\n".join(" ".join(row) for row in rows)
    for told in ("held", "did not hold", "trial 2: 3 of 80 lost", "laptop → c → b"):
        assert told in text
    codes = [e.text for e in page.all("code")]
    assert "tshark -r trial-2/a.pcapng -Y 'frame.number == 12'" in codes
    assert "sed -n 4p trial-2/events.jsonl" in codes
    # The part around the fault is short beside the trial: it is drawn larger as well.
    assert [e.text for e in page.all("h3")] == ["The whole trial", "Around the fault"]
    assert len(list(page.all("svg"))) == 2


def test_a_partial_study_says_so_first() -> None:
    page = read(write_html(replace(studies.study(), partial=True), studies.trials()))
    (warning,) = [e for e in page.all("div") if e.attributes.get("class") == "warnings"]
    (summary,) = [e for e in page.all("p") if "summary" in e.attributes.get("class", "")]
    assert page.elements.index(warning) < page.elements.index(summary)
    assert summary.text.startswith("Not passed")


def test_the_summary() -> None:
    assert summarise(studies.study()) == (
        "Not passed: 3 trials; 1 of 2 expectations held; ping was cut off for 300 ms in the median."
    )


def test_what_shows_nothing_has_no_command() -> None:
    assert show(1, ChainLink("injected", 0.0, "", "in force")) == ""


def test_a_line_per_probe_and_trial() -> None:
    rows = list(csv.DictReader(io.StringIO(write_csv(studies.study((280, 300))))))
    assert [(row["trial"], row["probe"]) for row in rows] == [
        ("1", "ping"),
        ("1", "shop"),
        ("2", "ping"),
        ("2", "shop"),
    ]
    assert rows[2] | {} == {
        "trial": "2",
        "partial": "False",
        "probe": "ping",
        "kind": "icmp",
        "interval_ms": "10",
        "sent": "800",
        "lost": "30",
        "slow": "0",
        "failed": "30",
        "kinds": "lost=30",
        "outages": "1",
        "outage_ms": "300.000",
        "over": "True",
        "median_before_ms": "20.500",
        "median_during_ms": "31.250",
        "median_after_ms": "20.500",
        "p99_before_ms": "21.000",
        "p99_during_ms": "",
        "p99_after_ms": "",
    }


def test_samples_of_all_trials() -> None:
    lines = write_samples(studies.trials((280, 300))).splitlines()
    assert lines[0].startswith("trial,probe,sequence,due_ns")
    assert len(lines) == 1 + 2 * 880
    assert lines[1].startswith("1,ping,0,")
    assert lines[-1].startswith("2,shop,79,")
    assert write_samples([]) == ""


def test_two_studies_side_by_side() -> None:
    slow = studies.study((133_000,), "transit-cut-no-bfd")
    compared = compare_studies(studies.study(), slow)
    assert compared.names == ("transit-cut", "transit-cut-no-bfd")
    told = {(d.subject, d.figure): d for d in compared.differences}
    outage = told["ping", "outage"]
    assert (outage.a, outage.b, outage.unit) == (300.0, 133_000.0, "ms")
    assert outage.factor == pytest.approx(443.3, abs=0.1)
    assert told["shop", "outage"].factor is None
    assert (told["shop", "median during"].a, told["shop", "median during"].b) == (None, None)
    assert told["fault", "detected"].b == 132_986.0
    assert compare_studies(slow, studies.nothing()).differences[0].b is None
