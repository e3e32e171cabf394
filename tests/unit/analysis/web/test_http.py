"""HTTP messages out of what tshark reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.analysis.web.http import HttpMessage, pair_messages, quote
from tests.unit.analysis.shopping import EDGE, LAPTOP, Shop, answers1, asks1, asks2, http2, times

TO, BACK = (LAPTOP, EDGE, (40000, 443)), (EDGE, LAPTOP, (443, 40000))


def messages(shop: Shop, node: str = "laptop") -> tuple[HttpMessage, ...]:
    return shop.story().messages[node]


def test_three_requests_in_one_packet_are_told_apart() -> None:
    shop = Shop()
    blocks = [asks2(path, ("accept", path[1:])) for path in ("/a", "/b", "/c")]
    fields = http2(*(header for block in blocks for header in block), streams=(15, 17, 19))
    shop.tcp("laptop", 1, *TO, fields, "tls:http2")
    found = messages(shop)
    assert [(m.stream, m.path, m.headers["accept"]) for m in found] == [
        ((40000, 15), "/a", "a"),
        ((40000, 17), "/b", "b"),
        ((40000, 19), "/c", "c"),
    ]


def test_blocks_of_nothing_but_pseudo_headers_are_told_apart() -> None:
    shop = Shop()
    shop.tcp("laptop", 1, *TO, http2(*asks2("/a"), *asks2("/b"), streams=(1, 3)), "tls:http2")
    shop.tcp("laptop", 2, *BACK, http2((":status", "200"), (":status", "404"), streams=(1, 3)))
    found = [
        (e.request.path, e.response.status) for e in pair_messages(messages(shop)) if e.response
    ]
    assert found == [("/a", 200), ("/b", 404)]


def test_a_block_that_tshark_could_not_read_leaves_the_others_of_its_packet_untold() -> None:
    shop = Shop()
    shop.tcp("laptop", 1, *BACK, http2((":status", "200"), streams=(1, 3)), "tls:http2")
    assert messages(shop) == ()


def test_a_response_begins_with_its_first_segment_and_ends_with_end_stream() -> None:
    shop = Shop()
    shop.tcp("laptop", 1, *TO, http2(*asks2()), "tls:http2")
    shop.tcp("laptop", 5, *BACK, {}, "tls")
    head = http2((":status", "200"), ("server", "nginx"), size=100, end=False)
    shop.tcp("laptop", 7, *BACK, {**head, "tcp.segment": ("2", "3")}, "tls:http2")
    last = {**http2(size=50), "http2.type": ("0",), "http2.streamid": ("1",)}
    last |= {"http2.flags": ("0x01",), "http2.length": ("50",)}
    shop.tcp("laptop", 9, *BACK, last, "tls:http2")
    (exchange,) = pair_messages(messages(shop))
    assert exchange.response is not None
    assert times(exchange.response) == (5.0, 9.0)
    assert exchange.response.body_bytes == 150
    assert exchange.response.frame.number == 3


def test_headers_after_the_end_of_another_stream_do_not_begin_where_that_did() -> None:
    shop = Shop()
    shop.tcp("laptop", 5, *BACK, {}, "tls")
    fields = http2((":status", "200"), streams=(3,), end=True)
    fields |= {"http2.type": ("0", "1"), "http2.streamid": ("1", "3")}
    fields |= {"http2.flags": ("0x01", "0x05"), "http2.length": ("9", "9")}
    shop.tcp("laptop", 7, *BACK, {**fields, "tcp.segment": ("1", "2")}, "tls:http2")
    (message,) = messages(shop)
    assert times(message)[0] == 7.0


def test_a_response_over_tls_records_begins_with_the_first_segment_of_the_first() -> None:
    shop = Shop()
    shop.tcp("laptop", 4, *BACK, {}, "tls")
    shop.tcp("laptop", 5, *BACK, {"tcp.segment": ("1", "2")}, "tls")
    shop.tcp("laptop", 6, *BACK, {}, "tls")
    fields = {**answers1(Content_Length="70"), "tcp.segment": ("3", "4"), "tls.segment": ("2", "4")}
    shop.tcp("laptop", 7, *BACK, fields, "tls:http")
    (message,) = messages(shop)
    assert times(message) == (4.0, 7.0)
    assert message.body_bytes == 70


def test_requests_over_one_http1_connection_are_answered_in_order() -> None:
    shop = Shop()
    for at_ms, path in ((1, "/a"), (5, "/b")):
        shop.tcp("laptop", at_ms, *TO, asks1(path), "http")
        shop.tcp("laptop", at_ms + 1, *BACK, answers1(100), "http")
        shop.tcp("laptop", at_ms + 2, *BACK, answers1(200, Server=path), "http")
    found = pair_messages(messages(shop))
    assert [(e.request.path, e.response and e.response.headers["server"]) for e in found] == [
        ("/a", "/a"),
        ("/b", "/b"),
    ]


def test_an_answer_to_what_was_asked_before_the_capture_is_left_out() -> None:
    shop = Shop()
    shop.tcp("laptop", 1, *BACK, answers1(404), "http")
    shop.tcp("laptop", 2, *TO, asks1("/a"), "http")
    (exchange,) = pair_messages(messages(shop))
    assert exchange.response is None


def test_directions_are_those_of_the_node() -> None:
    shop = Shop()
    shop.tcp("laptop", 1, *TO, asks1(), "http")
    shop.tcp("edge", 1, *TO, asks1(), "http")
    story = shop.story()
    assert not pair_messages(story.messages["laptop"])[0].inbound
    assert pair_messages(story.messages["edge"])[0].inbound


@pytest.mark.parametrize(
    ("version", "shows", "header"),
    [
        (
            "HTTP/2",
            'http2.headers.method == "GET" && http2.headers.path == "/"',
            'http2.header.name == "accept" && http2.header.value == "a\\"b"',
        ),
        (
            "HTTP/1.1",
            'http.request.method == "GET" && http.request.uri == "/"',
            'http.request.line contains "Accept: a\\"b"',
        ),
    ],
)
def test_filters_show_the_request_and_a_header(version: str, shows: str, header: str) -> None:
    shop = Shop()
    fields = http2(*asks2("/", ("accept", 'a"b'))) if version == "HTTP/2" else asks1(Accept='a"b')
    shop.tcp("laptop", 1, *TO, fields, "tls")
    (message,) = messages(shop)
    assert message.version == version
    assert message.shows == shows
    assert message.shows_header("Accept") == header


def test_filters_show_the_status() -> None:
    shop = Shop()
    shop.tcp("laptop", 1, *BACK, http2((":status", "404")), "tls:http2")
    shop.tcp("laptop", 2, *BACK, answers1(301), "http")
    two, one = messages(shop)
    assert two.shows == "http2.headers.status == 404"
    assert one.shows == "http.response.code == 301"


def test_the_request_id_of_an_exchange_may_come_with_the_answer() -> None:
    shop = Shop()
    shop.tcp("laptop", 1, *TO, asks1(), "http")
    shop.tcp("laptop", 2, *BACK, answers1(200, X_Request_Id="abc"), "http")
    (exchange,) = pair_messages(messages(shop))
    assert exchange.request_id == "abc"
    assert replace(exchange, response=None).request_id == ""


def test_strings_are_quoted_for_display_filters() -> None:
    assert quote('a"b\\c') == '"a\\"b\\\\c"'
