"""What the browser gets."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import response
from orchestrator.analysis.story import Story
from tests.unit.analysis.builders import VISIT, at
from tests.unit.analysis.shopping import (
    EDGE,
    LAPTOP,
    Shop,
    answers1,
    asks1,
    cached,
    http2,
    logged_only,
    missed,
)


def steps(story: Story) -> list[Step]:
    return list(response.TELLER.tell(story))


def test_first_byte_last_byte_and_size_are_told() -> None:
    (step,) = steps(missed().story())
    assert step.told == (
        "The answer is 200 OK, 3,000 bytes, in 2 packets. Its first byte comes 85.2 ms after the "
        "request left, its last 2.0 ms after that."
    )
    assert (step.start_ns, step.end_ns) == (at(105.2), at(107.2))
    assert step.details["bytes_on_the_wire"] == 1000
    assert step.details["cache_control"] == "public"


def test_the_frames_of_status_first_and_last_byte_prove_it() -> None:
    (step,) = steps(missed().story())
    assert [(p.number, p.shows) for p in step.proofs] == [
        (5, "http2.headers.status == 200"),
        (4, "tcp.srcport == 443 && tcp.len > 0"),
        (5, "http2.streamid == 1 && http2.flags.end_stream == 1"),
        (5, 'http2.header.name == "cache-control" && http2.header.value == "public"'),
    ]


def test_the_topologys_promise_is_held_against_it() -> None:
    (good,) = steps(cached().story())
    assert (good.expected, good.as_expected) == ("status 200", True)
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(30, "MISS", status=404)
    (bad,) = steps(shop.story())
    assert bad.title == "404 Not Found for https://www.example.com/"
    assert bad.as_expected is False
    (typed,) = steps(cached(replace(VISIT, url="https://www.example.com/a/..#top")).story())
    assert typed.as_expected is True
    shop = cached()
    shop.plan = replace(shop.plan, expectations=())
    (unpromised,) = steps(shop.story())
    assert unpromised.as_expected is None


def test_a_redirection_says_where_to() -> None:
    shop = Shop(replace(VISIT, url="http://www.example.com/"))
    shop.opens(0, "edge", LAPTOP, EDGE, (40001, 80))
    shop.tcp("laptop", 11, LAPTOP, EDGE, (40001, 80), asks1(), "http")
    moved = answers1(301, Location="https://www.example.com/", Content_Length="162")
    shop.tcp("laptop", 15, EDGE, LAPTOP, (80, 40001), moved, "http")
    (step,) = steps(shop.story())
    assert "301 Moved Permanently, 162 bytes" in step.told
    assert "It comes 4.0 ms after the request left." in step.told
    assert "The page has moved: https://www.example.com/." in step.told
    assert (
        step.proofs[-1].shows == 'http.response.line contains "Location: https://www.example.com/"'
    )


def test_packets_are_not_counted_where_another_answer_came_between() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    back = (EDGE, LAPTOP, (443, 40000))
    shop.tcp("laptop", 30, *back, http2((":status", "200"), end=False), "tls:http2")
    shop.tcp("laptop", 31, *back, http2((":status", "200"), streams=(3,)), "tls:http2")
    end = {**http2(size=9), "http2.type": ("0",), "http2.streamid": ("1",), "http2.length": ("9",)}
    shop.tcp("laptop", 32, *back, {**end, "http2.flags": ("0x01",)}, "tls:http2")
    (step,) = steps(shop.story())
    assert "packet" not in step.told
    assert "packets" not in step.details


def test_what_the_clients_file_does_not_show_is_told_with_the_edges_times() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    block = http2((":status", "200"), size=9)
    shop.tcp("edge", 27, EDGE, LAPTOP, (443, 40000), block, "tls:http2")
    (step,) = steps(shop.story(has_keys=True))
    assert "These are the times at edge" in step.told
    assert {proof.file for proof in step.proofs} == {"edge.pcapng"}


def test_without_keys_the_edges_log_says_what_it_answered() -> None:
    (step,) = steps(logged_only().story())
    assert "encrypted" in step.told
    assert "200 OK with 3,200 bytes" in step.told
    assert [proof.file for proof in step.proofs] == ["logs/edge.log"]


def test_without_an_answer_there_is_none() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    assert steps(shop.story(has_keys=True)) == []
