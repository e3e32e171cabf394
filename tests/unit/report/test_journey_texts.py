from __future__ import annotations

import json
from dataclasses import replace

import pytest

from orchestrator.report.main import render_report
from orchestrator.report.markdown import code, escape, render_markdown
from orchestrator.report.plain import journey_to_plain
from tests.unit.report.samples import HOSTILE, nothing, whole

KEYS = {
    *("format", "run", "url", "node", "client", "cold", "status", "protocol", "error"),
    *("error_detail", "started", "ended", "duration_ms", "summary", "warnings", "timings_ms"),
    *("paint_ms", "vitals", "transfers", "steps", "critical", "textbook", "traces"),
    *("account", "in_force"),
}


def test_the_keys_of_the_json_are_those_promised() -> None:
    for material in (whole(), nothing()):
        plain = journey_to_plain(material.journey)
        assert set(plain) == KEYS
        assert plain["format"] == 2
        assert json.loads(json.dumps(plain)) == plain


def test_a_step_as_json() -> None:
    first, _, hostile = journey_to_plain(whole().journey)["steps"]
    assert first == {
        "kind": "dns_cache",
        "title": "dns_cache of laptop and home-gw",
        "told": "What dns_cache did.",
        "nodes": ["laptop", "home-gw"],
        "start_ms": 1.0,
        "duration_ms": 4.0,
        "proofs": [
            {
                "file": "laptop.pcapng",
                "number": 7,
                "shows": 'dns.qry.name == "www.example.com"',
                "says": "asked",
            }
        ],
        "details": {},
        "saved": "",
        "expected": "",
        "as_expected": None,
        "terms": [],
    }
    assert hostile["details"] == {"header_bytes": 12, HOSTILE: HOSTILE, "secure": True}
    assert hostile["as_expected"] is False


ACCOUNT = {"packets": 0, "matched": 0, "lost": [], "damaged": [], "copies": [], "unseen": 0}


def test_times_and_traces_as_json() -> None:
    plain = journey_to_plain(whole().journey)
    assert plain["started"] == "2026-01-01T00:00:00.000000+00:00"
    assert plain["ended"] == "2026-01-01T00:00:01.000000+00:00"
    assert plain["duration_ms"] == 1000.0
    assert [s["duration_ms"] for s in plain["critical"]] == [400.0, 600.0]
    assert plain["textbook"][0]["within"] is True
    trace = plain["traces"]["syn"]
    assert trace["forward"][1] == {
        "interface": "home-lan:port1",
        "outbound": False,
        "t_us": 100.0,
        "frame": 1,
        "file": "home-lan.pcapng",
        "file_frame": 1,
    }
    assert trace["legs"][0]["propagation_us"] == 50.0
    assert plain["account"] == ACCOUNT
    assert trace["notes"] == ["The way back is shorter."]


def test_markdown_takes_nothing_of_what_others_said_for_markup() -> None:
    assert escape("a|b\n# c <script> [x](y) *z*") == r"a\|b \# c \<script\> \[x\](y) \*z\*"
    text = render_markdown(whole().journey)
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert "\n\n\n" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = {line.replace(r"\|", "").count("|") for line in rows}
    assert cells <= {4, 6}, "hostile text has made a column of its own"


def test_markdown_code_holds_any_text() -> None:
    assert code("plain") == "`plain`"
    assert code("a ` and `` b\nc") == "``` a ` and `` b c ```"


def test_markdown_has_every_part() -> None:
    text = render_markdown(whole().journey)
    for heading in ("Steps", "Critical path", "Numbers", "Beside the textbook", "Glossary"):
        assert f"\n## {heading}\n" in text
    assert text.index("Not whole:") < text.index("## Steps")
    assert "### 1. dns\\_cache of laptop and home-gw" in text
    assert "### TCP SYN" in text


def test_a_report_is_three_files() -> None:
    texts = render_report(nothing())
    assert set(texts) == {"journey.html", "journey.md", "journey.json"}
    assert json.loads(texts["journey.json"])["error"] == "dns"
    assert texts["journey.md"].startswith("# Journey of https://www.example.com/\n")
    assert all(text.endswith("\n") for text in texts.values())


def test_a_report_shows_what_a_terminal_or_a_reader_would_not_see() -> None:
    """Printed by `lab report --format`, or by cat; half a surrogate pair could not be written."""
    unseen, shown = "\x1b]0;t\x07\x9b31m\u202egnp.exe\ud83d", r"\x9b31m\u202egnp.exe\ud83d"
    material = whole()
    told = replace(material.journey.steps[0], told=unseen, title=unseen, expected=unseen)
    visit = replace(material.journey.visit, url=f"https://www.example.com/{unseen}")
    journey = replace(material.journey, visit=visit, steps=(told,), warnings=(unseen,))
    texts = render_report(replace(material, journey=journey))
    for text in texts.values():
        assert all(line.replace("\t", "").isprintable() for line in text.split("\n"))
    assert shown in texts["journey.html"]
    assert shown.replace("\\", "\\\\") in texts["journey.md"]
    assert json.loads(texts["journey.json"])["steps"][0]["title"] == unseen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("&#x202e;&lt;", r"\&\#x202e;\&lt;"),
        ("- an item", r"\- an item"),
        ("12. an item", r"12\. an item"),
        ("    indented", "indented"),
        ("~~struck~~", r"\~\~struck\~\~"),
        ("===", r"\==="),
    ],
)
def test_markdown_makes_no_item_nor_entity_of_a_text(text: str, shown: str) -> None:
    assert escape(text) == shown
