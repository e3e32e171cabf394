"""What the browser asks for."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import request
from orchestrator.analysis.story import Story
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
    logged_only,
    missed,
)


def steps(story: Story) -> list[Step]:
    return list(request.TELLER.tell(story))


def test_method_path_host_and_protocol_are_told_with_their_frames() -> None:
    (step,) = steps(cached().story())
    assert step.told == (
        "Chromium on laptop asks www.example.com for /: GET over HTTP/2 as stream 1, with 1 header "
        "field, in a packet of 300 bytes. It reaches edge 6.0 ms later."
    )
    assert [(p.file, p.number) for p in step.proofs] == [
        ("laptop.pcapng", 3),
        ("laptop.pcapng", 3),
        ("edge.pcapng", 2),
    ]
    assert step.proofs[0].shows == 'http2.headers.method == "GET" && http2.headers.path == "/"'
    assert step.proofs[1].shows == 'http2.headers.authority == "www.example.com"'
    assert step.nodes == ("laptop", "edge")
    assert (step.start_ns, step.end_ns) == (at(20), at(26))
    assert step.details["accept"] == "text/html"


def test_http1_and_curl_are_told_as_such() -> None:
    shop = Shop(replace(VISIT, client="curl"))
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.tcp("laptop", 20, LAPTOP, EDGE, (40000, 443), asks1(), "tls:http")
    (step,) = steps(shop.story())
    assert step.told.startswith(
        "curl on laptop asks www.example.com for /: GET over HTTP/1.1, with"
    )
    assert step.proofs[1].shows == 'http.host == "www.example.com"'


def test_a_redirection_is_followed_by_a_second_request() -> None:
    shop = Shop(replace(VISIT, url="http://www.example.com/"))
    shop.opens(0, "edge", LAPTOP, EDGE, (40001, 80))
    shop.tcp("laptop", 11, LAPTOP, EDGE, (40001, 80), asks1(), "http")
    moved = answers1(301, Location="https://www.example.com/")
    shop.tcp("laptop", 15, EDGE, LAPTOP, (80, 40001), moved, "http")
    shop.opens(16, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks(30)
    first, second = steps(shop.story())
    assert first.title == "GET http://www.example.com/"
    assert second.title == "GET https://www.example.com/"
    assert "follows the redirection" in second.told


def test_what_only_the_edges_file_shows_is_said_to_be_from_there() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.tcp("edge", 26, LAPTOP, EDGE, (40000, 443), http2(*asks2()), "tls:http2")
    (step,) = steps(shop.story(has_keys=True))
    assert "as edge got it" in step.told
    assert {proof.file for proof in step.proofs} == {"edge.pcapng"}
    assert step.milestone == ""


def test_without_keys_it_is_encrypted_and_the_edges_log_says_what_it_was() -> None:
    (step,) = steps(logged_only().story())
    assert "encrypted" in step.told
    assert "edge logged it as GET /" in step.told
    assert [proof.file for proof in step.proofs] == ["logs/edge.log"]
    assert step.details["encrypted"] is True
    assert step.start_ns == at(99.4 - 74)


def test_what_a_request_led_to_comes_after_it_even_if_its_line_was_read_late() -> None:
    (step,) = steps(logged_only(150).story())
    assert step.start_ns == at(60.1)


def test_with_keys_what_cannot_be_read_is_not_called_encrypted() -> None:
    (step,) = steps(logged_only().story(has_keys=True))
    assert "cannot be read" in step.told
    assert "encrypted" not in step.told


def test_a_visit_that_never_asked_has_none() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    assert steps(shop.story()) == []
    assert len(steps(missed().story())) == 1
