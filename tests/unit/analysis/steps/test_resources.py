"""What the page needs beside itself."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import resources
from orchestrator.analysis.story import Story
from orchestrator.records.visit import Timings
from tests.unit.analysis.builders import VISIT, at
from tests.unit.analysis.shopping import (
    EDGE,
    LAPTOP,
    Shop,
    answers1,
    asks1,
    asks2,
    cached,
    http2,
    resource,
)

TOLD = (resource("/a.css", 50, 1200), resource("/b.js", 51, 800))
TO, BACK = (LAPTOP, EDGE, (40000, 443)), (EDGE, LAPTOP, (443, 40000))


def steps(story: Story) -> list[Step]:
    return list(resources.TELLER.tell(story))


def two_files(*verdicts: str) -> Shop:
    """/a.css and /b.js, asked for one after the other and answered side by side."""
    shop = cached(replace(VISIT, resources=TOLD))
    for place, entry in enumerate(TOLD):
        path = entry.url.removeprefix("https://www.example.com")
        shop.tcp("laptop", 50 + place, *TO, http2(*asks2(path), streams=(3 + 2 * place,)), "tls")
    for place, verdict in enumerate(verdicts):
        block = http2((":status", "200"), ("x-cache", verdict), streams=(3 + 2 * place,))
        shop.tcp("laptop", 60 + place, *BACK, block, "tls")
    return shop


def test_a_file_that_nobody_saw_come_ends_when_it_was_asked_for() -> None:
    """As under loss: the browser left before it had it, and says nothing of it."""
    shop = cached(replace(VISIT, resources=()))
    shop.tcp("laptop", 50, *TO, http2(*asks2("/icon.svg"), streams=(3,)), "tls")
    assert {(step.start_ns, step.end_ns) for step in steps(shop.story())} == {(at(50), at(50))}


def test_what_has_not_come_when_time_is_up_is_no_answer() -> None:
    """Seen with a frozen server: "499, 0 bytes in 0.0 ms", by the edge's log, and 4 files "which
    take 1.0 ms from the first request to the last byte"."""
    files = tuple(replace(file, status=None, duration_ms=0.0, bytes=0) for file in TOLD)
    up = replace(VISIT, resources=files, error="timeout", error_detail="time was up")
    shop = two_files()
    shop.visit = replace(up, timings_ms=Timings(), ended_ms=8000.0, remote_address=EDGE)
    shop.edge_logs(8001, "MISS", status=499, request="GET /a.css HTTP/2.0", id="a", upstream="x")
    summary, css, _ = steps(shop.story())
    assert "needs 2 more files, and none of them has come when the visit ends." in summary.told
    assert "side by side, at most 2 at a time" in summary.told
    assert css.told.startswith("/a.css: no answer in 7950.0 ms, when the visit ends")
    assert css.end_ns == at(8000)


def test_the_summary_counts_files_bytes_verdicts_and_connections() -> None:
    step, *_ = steps(two_files("HIT", "MISS").story())
    assert step.kind == "resources"
    assert step.told == (
        "The page needs 2 more files, 2,000 bytes in all, which take 11.0 ms from the first "
        "request to the last byte. The edge's cache says: 1 × HIT and 1 × MISS. All come over "
        "the page's own connection: HTTP/2 carries them as streams side by side, at most 2 at a "
        "time."
    )
    assert step.saved == "1 request to the origin"
    assert (step.start_ns, step.end_ns) == (at(50), at(61))
    assert [(p.number, p.says) for p in step.proofs] == [
        (6, "asks for /a.css"),
        (8, "HIT"),
        (9, "MISS"),
    ]


def test_each_file_has_a_step_with_request_answer_and_verdict() -> None:
    _, css, script = steps(two_files("HIT", "MISS").story())
    assert css.kind == script.kind == "resource"
    assert css.told == "/a.css: 200 OK, 1,200 bytes in 10.0 ms, HIT at edge."
    assert css.saved == "a request to the origin"
    assert script.saved == ""
    assert [(p.number, p.shows) for p in script.proofs] == [
        (7, 'http2.headers.method == "GET" && http2.headers.path == "/b.js"'),
        (9, "http2.headers.status == 200"),
        (9, 'http2.header.name == "x-cache" && http2.header.value == "MISS"'),
    ]
    assert script.details["stream"] == 5


def test_what_the_packets_do_not_show_is_told_as_the_browser_tells_it() -> None:
    _, css, script = steps(two_files("HIT").story())
    assert script.end_ns == at(51 + 50)
    assert script.proofs[-1].file == "visit.json"
    assert script.proofs[-1].shows == "/resources/1"
    assert css.proofs[-1].file == "laptop.pcapng"


def test_http1_takes_a_connection_for_each_at_a_time() -> None:
    shop = cached(replace(VISIT, resources=TOLD))
    shop.opens(45, "edge", LAPTOP, EDGE, (40002, 443))
    for place, (path, port) in enumerate((("/a.css", 40000), ("/b.js", 40002))):
        shop.tcp("laptop", 60 + place, LAPTOP, EDGE, (port, 443), asks1(path), "tls:http")
    for place, port in enumerate((40000, 40002)):
        shop.tcp("laptop", 65 + place, EDGE, LAPTOP, (443, port), answers1(), "tls:http")
    step, *_ = steps(shop.story())
    assert "They come over 2 TCP connections, at most 2 at a time: each carries one" in step.told
    assert "cache" not in step.told
    assert len(step.proofs) == 2


def test_another_connection_than_the_pages_is_not_called_its_own() -> None:
    shop = cached(replace(VISIT, resources=TOLD))
    shop.opens(45, "edge", LAPTOP, EDGE, (40002, 443))
    for stream, path in ((1, "/a.css"), (3, "/b.js")):
        block = http2(*asks2(path), streams=(stream,))
        shop.tcp("laptop", 60, LAPTOP, EDGE, (40002, 443), block, "tls")
    step, *_ = steps(shop.story())
    assert "All come over 1 TCP connection: HTTP/2" in step.told


def test_a_stale_copy_saves_no_request_to_the_origin() -> None:
    step, stale, updating = steps(two_files("STALE", "UPDATING").story())
    assert step.saved == "1 request to the origin"
    assert (stale.saved, updating.saved) == ("", "a request to the origin")


def test_without_keys_logs_give_the_verdicts_and_nothing_is_said_of_how_many_at_a_time() -> None:
    shop = Shop(replace(VISIT, resources=TOLD))
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    for place, path in enumerate(("/a.css", "/b.js")):
        shop.edge_logs(60 + place, "HIT", request=f"GET {path} HTTP/2.0", id=f"id{place}")
    step, css, _ = steps(shop.story())
    assert "2 × HIT" in step.told
    assert "at a time" not in step.told
    assert {p.file for p in step.proofs} == {"logs/edge.log", "visit.json"}
    assert css.told == "/a.css: 200 OK, 1,200 bytes in 50.0 ms, HIT at edge."
    assert [p.file for p in css.proofs] == ["logs/edge.log"]


def test_a_page_of_one_file_has_no_step() -> None:
    assert steps(cached().story()) == []


def test_files_that_did_not_come_are_missing_from_the_page() -> None:
    """Seen: ten files with 503, told as "got 200" without a word of them."""
    refused = replace(TOLD[1], status=None, failure="net::ERR_CONNECTION_REFUSED")
    shop = cached(replace(VISIT, resources=(replace(TOLD[0], status=503), refused)))
    step, css, script = steps(shop.story())
    assert step.title == "2 more files for the page, 2 missing"
    assert "2 of 2 files missing: 1 × 503, 1 × ERR_CONNECTION_REFUSED." in step.told
    assert [p.says for p in step.proofs][-2:] == [
        "missing: 503",
        "missing: ERR_CONNECTION_REFUSED",
    ]
    assert step.details["missing"] == 2
    assert css.told.startswith("/a.css: 503 Service Unavailable")
    assert script.told.startswith("/b.js: no answer (net::ERR_CONNECTION_REFUSED)")
