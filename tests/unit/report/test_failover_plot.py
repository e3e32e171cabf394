"""The plot of a study: what is where, and what never overlaps."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from orchestrator.report.failover import write_svg
from orchestrator.report.failover.choose import milestones, typical
from orchestrator.report.failover.layout import Plot, lay_out, whole
from orchestrator.report.failover.scale import LogScale, Scale, log_scale, stack, width_of
from tests.unit.report import studies

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def plot() -> Plot:
    trial = studies.trial()
    return lay_out(studies.trial_finding(), trial, whole(trial), ["ping", "shop"])


def test_time_counts_from_the_fault(plot: Plot) -> None:
    assert [label for _, label in plot.axis] == [f"{second} s" for second in range(-2, 7)]
    (band,) = plot.bands
    places = {label: place for place, label in plot.axis}
    assert band.x == pytest.approx(places["0 s"])
    assert band.x + band.width == pytest.approx(places["3 s"], abs=1.0)


def test_without_a_fault_time_counts_from_the_trial() -> None:
    trial, finding = studies.trial(), studies.trial_finding()
    calm = replace(trial, faults=())
    plot = lay_out(replace(finding, faults=()), calm, whole(calm), ["shop"])
    assert (plot.axis[0][1], plot.since) == ("0 s", "after the trial began")
    assert (plot.bands, plot.marks) == ((), ())


def test_a_lane_shows_answers_failures_and_the_outage(plot: Plot) -> None:
    ping, shop = plot.lanes
    assert (ping.counts, shop.counts) == (("30 lost",), ())
    assert ping.gap is not None
    assert ping.gap[2] == "300 ms"
    assert shop.gap is None
    (failures,) = ping.failures
    ticks = [float(x) for x in re.findall(r"M([\d.]+)", failures.ticks)]
    assert len(ticks) == 30
    assert all(ping.gap[0] - 0.1 <= x <= ping.gap[0] + ping.gap[1] for x in ticks)
    assert ping.dots.count("M") == 770
    assert ping.y + ping.height < shop.y


def test_an_outage_that_did_not_end_says_so() -> None:
    trial, finding = studies.trial(), studies.trial_finding()
    ping = finding.probes["ping"]
    open_end = replace(ping, outages=(replace(ping.outages[0], sustained=False),))
    plot = lay_out(replace(finding, probes={"ping": open_end}), trial, whole(trial), ["ping"])
    assert plot.lanes[0].gap is not None
    assert plot.lanes[0].gap[2] == "> 300 ms"


def test_labels_of_the_chain_do_not_overlap_and_no_line_cuts_one(plot: Plot) -> None:
    assert [mark.stage for mark in plot.marks] == ["detected", "withdrawn", "fib", "restored"]
    boxes = [(m.x, m.x + 4 + width_of(m.label), m.y) for m in plot.marks]
    for a, b in ((a, b) for a in boxes for b in boxes if a is not b):
        assert a[2] != b[2] or a[1] <= b[0] or b[1] <= a[0], "two labels in one place"
    for mark in plot.marks:
        for start, end, y in boxes:
            goes_by = mark.y < y
            assert not (goes_by and start < mark.x < end), "a line through a label"
    assert max(m.y for m in plot.marks) < plot.top


def test_rows_are_used_again_where_there_is_room() -> None:
    assert stack([(0, 50), (10, 50), (20, 50), (200, 50)]) == [0, 1, 2, 0]
    assert stack([]) == []


def test_scales() -> None:
    scale = Scale(-2_000, 6_000, 100, 900)
    assert [scale.at(ms) for ms in (-2_000, 0, 6_000, 99_999)] == [100, 300, 900, 900]
    assert scale.ticks()[:3] == [-2_000, -1_000, 0]
    assert Scale(0, 0, 1, 2).at(5) == 1
    tall = log_scale([10, 1_000], 100, 0)
    assert tall.at(10) > tall.at(100) > tall.at(1_000)
    assert tall.ticks() == [10, 100, 1_000]
    assert LogScale(15, 45, 1, 0).ticks() == [20]
    assert log_scale([], 0, 1).ticks() == [1, 10]


def test_the_typical_trial_is_the_one_nearest_to_the_median() -> None:
    chosen = typical(studies.study((900, 300, 280)))
    assert chosen is not None
    assert chosen.number == 2
    assert typical(studies.nothing()) is None


def test_a_stage_is_told_by_its_first_and_an_end_by_its_last() -> None:
    links = milestones(studies.chain(300))
    assert [(link.stage, link.node) for link in links if link.stage == "detected"] == [
        ("detected", "a")
    ]
    assert all(a.ms <= b.ms for a, b in pairwise(links))


def test_the_picture_is_whole_and_asks_nobody() -> None:
    svg = write_svg(studies.study(), studies.trials())
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert not [e for e in root.iter() if e.tag in (f"{SVG}script", f"{SVG}image", f"{SVG}use")]
    assert "href" not in svg
    assert "url(" not in svg
    assert "prefers-color-scheme: dark" in svg
    assert len(svg) < 60_000
    texts = [e.text for e in root.iter(f"{SVG}text")]
    assert "link-blackhole a--b" in texts
    assert "300 ms" in texts


def test_hostile_names_are_text() -> None:
    finding, trials = studies.hostile()
    root = ElementTree.fromstring(write_svg(finding, trials))
    assert not list(root.iter(f"{SVG}script"))
    assert studies.HOSTILE in [e.text for e in root.iter(f"{SVG}text")]


def test_a_study_without_a_trial_is_drawn_as_that() -> None:
    root = ElementTree.fromstring(write_svg(studies.nothing(), []))
    assert "No trial of this study can be drawn." in [e.text for e in root.iter(f"{SVG}text")]
