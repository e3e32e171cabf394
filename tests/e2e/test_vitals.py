"""What clients say of their visits, beside what the packets say and what must hold in itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.e2e.conftest import Run, RunningLab

URL = "https://www.example.com/"
SITE = 'tls.handshake.extensions_server_name == "www.example.com"'
GET = 'http2.headers.method == "GET" and http2.headers.path == "/"'
# How far a client's clock may be from the capture's: the client reads its clock before it asks the
# kernel and after it has been woken, the capture in between. On one machine for all that is some
# tenths of a millisecond, and much more for one visit of many when the machine is busy; of
# several visits the median is compared.
WITHIN_MS, WITHIN = 2.0, 0.03
VISITS = 5


@pytest.fixture(scope="module")
def browsed(minimal: RunningLab) -> list[Run]:
    minimal.visit(URL)
    return [minimal.visit(URL) for _ in range(VISITS)]


@pytest.fixture(scope="module")
def fetched(minimal: RunningLab) -> list[Run]:
    minimal.visit(URL, "--client", "curl")
    return [minimal.visit(URL, "--client", "curl") for _ in range(VISITS)]


def the(rows: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The first row, of which there must be one."""
    assert rows
    return rows[0]


def stream(run: Run) -> str:
    """The TCP connection that asked for the page."""
    return the(run.packets("laptop", SITE, "tcp.stream"))[0]


def times_ms(run: Run, display_filter: str) -> list[float]:
    """When the frames of the page's connection that pass a filter were seen."""
    shown = f"tcp.stream == {stream(run)} and {display_filter}"
    return [1000 * float(at) for (at,) in run.packets("laptop", shown, "frame.time_epoch")]


def handshake_ms(run: Run) -> float:
    """SYN to SYN-ACK: what connect(2) waits for."""
    syn = times_ms(run, "tcp.flags.syn == 1 and tcp.flags.ack == 0")[0]
    return times_ms(run, "tcp.flags.syn == 1 and tcp.flags.ack == 1")[0] - syn


def initial_rtt_ms(run: Run) -> float:
    """SYN to the ACK of the SYN-ACK, as tshark measures it."""
    shown = f"tcp.stream == {stream(run)} and tcp.analysis.initial_rtt"
    return 1000 * float(the(run.packets("laptop", shown, "tcp.analysis.initial_rtt"))[0])


def answer_ms(run: Run) -> float:
    """From the request's HEADERS to the response's (RFC 9113)."""
    return times_ms(run, "http2.headers.status")[0] - times_ms(run, GET)[0]


def tls_ms(run: Run) -> float:
    """From the ClientHello to the client's own Finished, the last message (RFC 8446, 2)."""
    hello = times_ms(run, "tls.handshake.type == 1")[0]
    return times_ms(run, "tls.handshake.type == 20")[-1] - hello


def lookup_ms(run: Run) -> float:
    """From the first question to the last answer."""
    rows = run.packets("laptop", 'dns.qry.name == "www.example.com"', "frame.time_epoch")
    times = [1000 * float(at) for (at,) in rows]
    return times[-1] - times[0]


def assert_agree(runs: list[Run], step: str, packets_ms: Callable[[Run], float]) -> None:
    said = [run.record["timings_ms"][step] for run in runs]
    seen = [packets_ms(run) for run in runs]
    apart = median(abs(ours - theirs) for ours, theirs in zip(said, seen, strict=True))
    assert apart <= max(WITHIN_MS, WITHIN * median(seen)), (step, said, seen)


@pytest.mark.parametrize(
    ("step", "packets_ms"),
    [("dns", lookup_ms), ("connect", handshake_ms), ("tls", tls_ms), ("ttfb", answer_ms)],
)
def test_curl_and_the_packets_agree(
    fetched: list[Run], step: str, packets_ms: Callable[[Run], float]
) -> None:
    assert_agree(fetched, step, packets_ms)


@pytest.mark.parametrize(
    ("step", "packets_ms"),
    [("dns", lookup_ms), ("connect", initial_rtt_ms), ("tls", tls_ms), ("ttfb", answer_ms)],
)
def test_chromium_and_tshark_agree(
    browsed: list[Run], step: str, packets_ms: Callable[[Run], float]
) -> None:
    """Navigation Timing is rounded to 0.1 ms, and taken in another process than the sockets."""
    assert_agree(browsed, step, packets_ms)


def test_octets_are_those_on_the_wire(browsed: list[Run]) -> None:
    """TLS records, HTTP/2's own frames and the certificate come on top of what was asked for."""
    for run in browsed:
        shown = f"tcp.stream == {stream(run)} and tcp.srcport == 443"
        carried = sum(int(size) for (size,) in run.packets("laptop", shown, "tcp.len"))
        counted = sum(part["bytes"] for part in run.record["transfers"])
        assert counted <= carried <= 1.05 * counted + 6000


def test_requests_are_those_on_the_wire(browsed: list[Run]) -> None:
    for run in browsed:
        shown = f'tcp.stream == {stream(run)} and http2.headers.method == "GET"'
        rows = run.packets("laptop", shown, "http2.headers.method")
        asked = sum(len(methods.split("|")) for (methods,) in rows)
        by_kind = {part["kind"]: part["requests"] for part in run.record["transfers"]}
        assert asked == sum(by_kind.values()) == len(run.record["resources"]) + 1
        assert by_kind["document"] == by_kind["stylesheet"] == 1


def test_vitals_are_in_the_order_in_which_they_must_be(browsed: list[Run]) -> None:
    for run in browsed:
        vitals, timings = run.record["vitals"], run.record["timings_ms"]
        steps_ms = sum(timings[step] for step in ("dns", "connect", "tls", "ttfb"))
        assert steps_ms <= vitals["ttfb"] < vitals["first_contentful_paint"]
        assert vitals["first_contentful_paint"] <= vitals["largest_contentful_paint"]
        assert timings["load"] <= vitals["fully_loaded"]
        assert vitals["largest_element"]
        assert vitals["total_blocking_time"] >= 0
        assert 0 <= vitals["cumulative_layout_shift"] < 0.1


def test_first_byte_is_when_the_first_answer_came(browsed: list[Run]) -> None:
    def apart(run: Run) -> float:
        questions = run.packets("laptop", 'dns.qry.name == "www.example.com"', "frame.time_epoch")
        seen = times_ms(run, "http2.headers.status")[0] - 1000 * float(questions[0][0])
        timings = run.record["timings_ms"]
        before = run.record["vitals"]["ttfb"] - seen
        assert before > 0, timings
        return before

    # What the browser does before it asks for the name: a process for the page, its own caches.
    assert min(map(apart, browsed)) < 50


def read(run: Run, file: str) -> Any:
    return json.loads((run.folder / file).read_text())


def test_moments_are_told_in_order(browsed: list[Run]) -> None:
    for run in browsed:
        timeline = read(run, "timeline.json")
        at = {moment["name"]: moment["startTime"] for moment in timeline["moment"]}
        order = ("response-start", "parse-start", "parse-end", "dom-content-loaded", "load")
        assert [at[name] for name in order] == sorted(at[name] for name in order)
        assert at["first-paint"] <= at["largest-contentful-paint"]
        assert at["fully-loaded"] == run.record["vitals"]["fully_loaded"]
        assert {"longtask", "layout-shift", "largest-contentful-paint"} <= timeline.keys()


def test_the_filmstrip_goes_from_nothing_to_the_page(browsed: list[Run]) -> None:
    for run in browsed:
        strip = read(run, "filmstrip.json")
        assert (strip[0]["complete"], strip[-1]["complete"]) == (0, 1)
        assert [shot["ms"] for shot in strip] == sorted({shot["ms"] for shot in strip})
        for shot in strip:
            assert shot["file"] == f"filmstrip/{shot['ms']:05}.jpg"
            assert (run.folder / shot["file"]).read_bytes().startswith(b"\xff\xd8\xff")
        files = {f"filmstrip/{path.name}" for path in (run.folder / "filmstrip").iterdir()}
        assert files == {shot["file"] for shot in strip}
        first_change = strip[1]["ms"]
        assert first_change <= run.record["vitals"]["speed_index"] <= strip[-1]["ms"]
        assert run.record["vitals"]["ttfb"] < first_change


def test_curl_knows_what_curl_can_know(fetched: list[Run]) -> None:
    for run in fetched:
        vitals, timings = run.record["vitals"], run.record["timings_ms"]
        assert vitals["fully_loaded"] == timings["load"]
        assert timings["ttfb"] < vitals["ttfb"] < vitals["fully_loaded"]
        assert vitals["first_contentful_paint"] is vitals["speed_index"] is None
        assert [part["requests"] for part in run.record["transfers"]] == [1]


@pytest.fixture(scope="module")
def repeated(minimal: RunningLab) -> dict[str, Any]:
    said = minimal.cli.run(
        *("visit", URL, "--cold", "-n", "3", "--json", "--name", minimal.name),
        *("--captures", str(minimal.captures)),
    )
    value: dict[str, Any] = json.loads(said)
    return value


def test_visits_in_a_row_are_summed_up(repeated: dict[str, Any]) -> None:
    assert [run["cold"] for run in repeated["runs"]] == [True, False, False]
    load = repeated["figures"]["load"]
    assert load["first"] == repeated["runs"][0]["timings_ms"]["load"]
    assert load["low"] <= load["median"] <= load["high"] < load["first"]
    assert load["median"] == median(run["timings_ms"]["load"] for run in repeated["runs"][1:])
    assert repeated["figures"]["largest_contentful_paint"]["first"] > 0


def test_what_the_caches_saved_is_told(repeated: dict[str, Any]) -> None:
    found = repeated["comparison"]
    saved = {saving["by"]["kind"]: saving for saving in found["saved"]}
    assert {"dns_cache", "edge"} <= saved.keys()
    walked = [step["kind"] for step in saved["dns_cache"]["gone"]]
    assert walked.count("dns_query") == 3
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
