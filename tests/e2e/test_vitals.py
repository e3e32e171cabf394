"""What clients say of their visits, beside what the packets say and what must hold in itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.e2e.conftest import RunningLab
from tests.e2e.steps import (
    STEPS,
    TTFB,
    URL,
    Step,
    Visited,
    answered,
    asked,
    hello,
    syn,
    syn_ack,
    visited,
)

# A client's times are rounded, Navigation Timing's to 0.1 ms at both of its ends.
ROUNDED_MS = 0.2
VISITS = 2


@pytest.fixture(scope="module")
def browsed(minimal: RunningLab) -> list[Visited]:
    return visited(minimal, VISITS)


@pytest.fixture(scope="module")
def fetched(minimal: RunningLab) -> list[Visited]:
    return visited(minimal, VISITS, "--client", "curl")


def assert_agree(runs: list[Visited], step: Step, but_for: Sequence[Step] = ()) -> None:
    """Of each run; ``but_for`` are steps that may have begun after their first frame."""
    for run in runs:
        said = run.record["timings_ms"][step.name]
        if step not in but_for:
            begin, end = (moment(run) for moment in step.inside)
            assert end - begin <= said + ROUNDED_MS, (step.name, run.run.folder)
        if step.around is not None:
            begin, end = (moment(run) for moment in step.around)
            assert said <= end - begin + ROUNDED_MS, (step.name, run.run.folder)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_curl_and_the_packets_agree(fetched: list[Visited], step: Step) -> None:
    """curl reads its clock once the request is sent: how long before its first byte that was, only
    the sum of all steps tells."""
    assert_agree(fetched, step, but_for=[TTFB])
    for run in fetched:
        assert answered(run) - asked(run) <= run.record["vitals"]["ttfb"] + ROUNDED_MS


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_chromium_and_the_packets_agree(browsed: list[Visited], step: Step) -> None:
    assert_agree(browsed, step)


def test_tshark_has_the_same_round_trip(browsed: list[Visited]) -> None:
    """From the SYN to the ACK that answers the SYN-ACK, which the kernel sends before it wakes the
    client."""
    for run in browsed:
        rtt_ms = next(filter(None, (frame.initial_rtt_ms for frame in run.frames)))
        assert syn_ack(run) - syn(run) <= rtt_ms <= hello(run) - syn(run)
        assert rtt_ms <= run.record["timings_ms"]["connect"] + ROUNDED_MS


def test_octets_are_those_on_the_wire(browsed: list[Visited]) -> None:
    """TLS records, HTTP/2's own frames and the certificate come on top of what was asked for."""
    for run in browsed:
        carried = sum(frame.octets for frame in run.frames if not frame.from_client)
        counted = sum(part["bytes"] for part in run.record["transfers"])
        assert counted <= carried <= 1.05 * counted + 6000


def test_requests_are_those_on_the_wire(browsed: list[Visited]) -> None:
    for run in browsed:
        told = [URL, *(resource["url"] for resource in run.record["resources"])]
        asked_for = sorted(path for frame in run.frames for path in frame.paths)
        assert asked_for == sorted(url.removeprefix(URL.rstrip("/")) for url in told)
        by_kind = {part["kind"]: part["requests"] for part in run.record["transfers"]}
        assert sum(by_kind.values()) == len(told)
        assert by_kind["document"] == by_kind["stylesheet"] == 1


def test_vitals_are_in_the_order_in_which_they_must_be(browsed: list[Visited]) -> None:
    for run in browsed:
        vitals, timings = run.record["vitals"], run.record["timings_ms"]
        steps_ms = sum(timings[step] for step in ("dns", "connect", "tls", "ttfb"))
        assert steps_ms <= vitals["ttfb"] < vitals["first_contentful_paint"]
        assert vitals["first_contentful_paint"] <= vitals["largest_contentful_paint"]
        assert timings["load"] <= vitals["fully_loaded"]
        assert vitals["largest_element"]
        assert vitals["total_blocking_time"] >= 0
        assert 0 <= vitals["cumulative_layout_shift"] < 0.1


def test_first_byte_is_when_the_first_answer_came(browsed: list[Visited]) -> None:
    """It counts from before the browser asks for the name, and comes before anything is painted."""
    for run in browsed:
        vitals = run.record["vitals"]
        assert answered(run) - asked(run) <= vitals["ttfb"] + ROUNDED_MS
        assert vitals["ttfb"] < vitals["first_contentful_paint"]


def test_moments_are_told_in_order(browsed: list[Visited]) -> None:
    for run in browsed:
        timeline = run.read("timeline.json")
        at = {moment["name"]: moment["startTime"] for moment in timeline["moment"]}
        order = ("response-start", "parse-start", "parse-end", "dom-content-loaded", "load")
        assert [at[name] for name in order] == sorted(at[name] for name in order)
        assert at["first-paint"] <= at["largest-contentful-paint"]
        assert at["fully-loaded"] == run.record["vitals"]["fully_loaded"]
        assert {"longtask", "layout-shift", "largest-contentful-paint"} <= timeline.keys()


def test_the_filmstrip_goes_from_nothing_to_the_page(browsed: list[Visited]) -> None:
    for run in browsed:
        strip = run.read("filmstrip.json")
        assert (strip[0]["complete"], strip[-1]["complete"]) == (0, 1)
        assert [shot["ms"] for shot in strip] == sorted({shot["ms"] for shot in strip})
        for shot in strip:
            assert shot["file"] == f"filmstrip/{shot['ms']:05}.jpg"
            assert (run.run.folder / shot["file"]).read_bytes().startswith(b"\xff\xd8\xff")
        files = {f"filmstrip/{path.name}" for path in (run.run.folder / "filmstrip").iterdir()}
        assert files == {shot["file"] for shot in strip}
        first_change = strip[1]["ms"]
        assert first_change <= run.record["vitals"]["speed_index"] <= strip[-1]["ms"]
        assert run.record["vitals"]["ttfb"] < first_change


def test_a_visit_that_is_not_filmed_has_all_but_what_films_tell(minimal: RunningLab) -> None:
    run = minimal.visit(URL, "--no-film")
    assert not (run.folder / "filmstrip.json").exists()
    assert run.record["vitals"]["speed_index"] is None
    assert run.record["vitals"]["largest_contentful_paint"] > 0


def test_curl_knows_what_curl_can_know(fetched: list[Visited]) -> None:
    for run in fetched:
        vitals, timings = run.record["vitals"], run.record["timings_ms"]
        assert vitals["fully_loaded"] == timings["load"]
        assert timings["ttfb"] < vitals["ttfb"] < vitals["fully_loaded"]
        assert vitals["first_contentful_paint"] is vitals["speed_index"] is None
        assert [part["requests"] for part in run.record["transfers"]] == [1]


@pytest.fixture(scope="module")
def repeated(minimal: RunningLab) -> dict[str, Any]:
    said = minimal.cli.run(
        *("visit", URL, "--cold=all", "-n", "3", "--json", "--name", minimal.name),
        *("--captures", str(minimal.captures)),
    )
    value: dict[str, Any] = json.loads(said)
    return value


def test_visits_in_a_row_are_summed_up(repeated: dict[str, Any]) -> None:
    assert [run["cold"] for run in repeated["runs"]] == ["all", False, False]
    load = repeated["figures"]["load"]
    assert load["first"] == repeated["runs"][0]["timings_ms"]["load"]
    assert load["low"] <= load["median"] <= load["high"]
    assert load["median"] == median(run["timings_ms"]["load"] for run in repeated["runs"][1:])
    assert repeated["figures"]["largest_contentful_paint"]["first"] > 0


def test_what_the_caches_saved_is_told(repeated: dict[str, Any]) -> None:
    found = repeated["comparison"]
    saved = {saving["by"]["kind"]: saving for saving in found["saved"]}
    assert {"dns_cache", "edge"} <= saved.keys()
    walked = [step["kind"] for step in saved["dns_cache"]["gone"]]
    # The root, the top-level domain, the zone: of its two servers each may be asked one question.
    assert walked.count("dns_query") in (3, 4)
    assert "database" in {step["kind"] for step in saved["edge"]["gone"]}
    trips = found["round_trips"]
    assert trips["second"]["by_kind"] == {"dns_cache": 1, "tcp": 1, "tls": 1, "request": 1}
    assert trips["first"]["total"] >= trips["second"]["total"] + 4


def test_two_runs_are_compared_from_their_folders_alone(
    minimal: RunningLab, repeated: dict[str, Any], tmp_path: Path
) -> None:
    first, _, last = (run["run"] for run in repeated["runs"])
    said = minimal.cli.run(
        *("compare", first, str(minimal.captures / last), "--json"),
        *("--captures", str(minimal.captures)),
        environment={"CLICKLAB_STATE": str(tmp_path), "DOCKER_HOST": "unix:///nowhere"},
    )
    assert json.loads(said)["comparison"] == repeated["comparison"]


def test_several_visits_fail_if_one_does(minimal: RunningLab) -> None:
    said = minimal.cli.run(
        *("visit", "https://nowhere.example.com/", "-n", "2", "--name", minimal.name),
        *("--client", "curl", "--captures", str(minimal.captures)),
        code=1,
    )
    assert said.count("failed: dns") == 2
