"""What clients say of their visits, beside what the packets say and what must hold in itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Visited:
    """A run, and tshark's number of the TCP connection that asked for the page."""

    run: Run
    stream: str

    @property
    def record(self) -> dict[str, Any]:
        return self.run.record

    def packets(self, display_filter: str, *fields: str) -> list[tuple[str, ...]]:
        """The fields of the connection's frames that pass a filter, at the client."""
        shown = f"tcp.stream == {self.stream} and {display_filter}"
        return self.run.packets("laptop", shown, *fields)

    def times_ms(self, display_filter: str) -> list[float]:
        """When they were seen."""
        return [1000 * float(at) for (at,) in self.packets(display_filter, "frame.time_epoch")]

    def lookup_ms(self) -> tuple[float, float]:
        """When the name's first question left, and when the last answer was there."""
        asked = 'dns.qry.name == "www.example.com"'
        rows = self.run.packets("laptop", asked, "frame.time_epoch")
        times = [1000 * float(at) for (at,) in rows]
        return times[0], times[-1]

    def read(self, file: str) -> Any:
        """A file of the run's folder."""
        return json.loads((self.run.folder / file).read_text())


def visited(lab: RunningLab, *options: str) -> list[Visited]:
    """So many visits, after one that warms the caches."""
    _, *runs = (lab.visit(URL, *options) for _ in range(1 + VISITS))
    return [Visited(run, run.packets("laptop", SITE, "tcp.stream")[0][0]) for run in runs]


@pytest.fixture(scope="module")
def browsed(minimal: RunningLab) -> list[Visited]:
    return visited(minimal)


@pytest.fixture(scope="module")
def fetched(minimal: RunningLab) -> list[Visited]:
    return visited(minimal, "--client", "curl")


def lookup_ms(seen: Visited) -> float:
    """From the first question to the last answer."""
    asked, answered = seen.lookup_ms()
    return answered - asked


def handshake_ms(seen: Visited) -> float:
    """SYN to SYN-ACK: what connect(2) waits for."""
    syn, answer, *_ = seen.times_ms("tcp.flags.syn == 1")
    return answer - syn


def initial_rtt_ms(seen: Visited) -> float:
    """SYN to the ACK of the SYN-ACK, as tshark measures it."""
    first, *_ = seen.packets("tcp.analysis.initial_rtt", "tcp.analysis.initial_rtt")
    return 1000 * float(first[0])


def tls_ms(seen: Visited) -> float:
    """From the end of TCP's handshake to the client's own Finished, the last message (RFC 8446, 2):
    with what the client computes before its ClientHello, a key share among it.
    """
    connected = seen.times_ms("tcp.flags.syn == 1 and tcp.flags.ack == 1")[0]
    return seen.times_ms("tls.handshake.type == 20")[-1] - connected


def answer_ms(seen: Visited) -> float:
    """From the request's HEADERS to the response's (RFC 9113)."""
    return seen.times_ms("http2.headers.status")[0] - seen.times_ms(GET)[0]


def assert_agree(runs: list[Visited], step: str, packets_ms: Callable[[Visited], float]) -> None:
    said = [run.record["timings_ms"][step] for run in runs]
    seen = [packets_ms(run) for run in runs]
    apart = median(abs(ours - theirs) for ours, theirs in zip(said, seen, strict=True))
    assert apart <= max(WITHIN_MS, WITHIN * median(seen)), (step, said, seen)


@pytest.mark.parametrize(
    ("step", "packets_ms"),
    [("dns", lookup_ms), ("connect", handshake_ms), ("tls", tls_ms), ("ttfb", answer_ms)],
)
def test_curl_and_the_packets_agree(
    fetched: list[Visited], step: str, packets_ms: Callable[[Visited], float]
) -> None:
    assert_agree(fetched, step, packets_ms)


@pytest.mark.parametrize(
    ("step", "packets_ms"),
    [("dns", lookup_ms), ("connect", initial_rtt_ms), ("tls", tls_ms), ("ttfb", answer_ms)],
)
def test_chromium_and_tshark_agree(
    browsed: list[Visited], step: str, packets_ms: Callable[[Visited], float]
) -> None:
    """Navigation Timing is rounded to 0.1 ms, and taken in another process than the sockets."""
    assert_agree(browsed, step, packets_ms)


def test_octets_are_those_on_the_wire(browsed: list[Visited]) -> None:
    """TLS records, HTTP/2's own frames and the certificate come on top of what was asked for."""
    for run in browsed:
        carried = sum(int(size) for (size,) in run.packets("tcp.srcport == 443", "tcp.len"))
        counted = sum(part["bytes"] for part in run.record["transfers"])
        assert counted <= carried <= 1.05 * counted + 6000


def test_requests_are_those_on_the_wire(browsed: list[Visited]) -> None:
    for run in browsed:
        rows = run.packets('http2.headers.method == "GET"', "http2.headers.method")
        asked = sum(len(methods.split("|")) for (methods,) in rows)
        by_kind = {part["kind"]: part["requests"] for part in run.record["transfers"]}
        assert asked == sum(by_kind.values()) == len(run.record["resources"]) + 1
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
    """But for what the browser does before it asks for the name: its own caches, and the like."""
    before_ms = [
        run.record["vitals"]["ttfb"]
        - (run.times_ms("http2.headers.status")[0] - run.lookup_ms()[0])
        for run in browsed
    ]
    assert min(before_ms) > 0
    assert median(before_ms) < 50


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
