from __future__ import annotations

from cdp_pieces import event, failed, finished, received, response, sent, timing

from orchestrator.browser.exchange import collect_exchanges

URL = "https://www.example.com/"


def test_an_exchange_is_put_together_from_its_pieces() -> None:
    (exchange,) = collect_exchanges(
        [
            sent("1", URL, 10.0),
            event("Network.requestWillBeSentExtraInfo", requestId="1", headers={":path": "/"}),
            received("1", 10.2, timing=timing(10.0)),
            event("Network.responseReceivedExtraInfo", requestId="1", headers={"x-cache": "HIT"}),
            event("Network.dataReceived", requestId="1", dataLength=5),
            finished("1", 10.3, wire_bytes=105),
        ]
    )
    assert (exchange.status, exchange.protocol, exchange.ended_s) == (200, "h2", 10.3)
    assert (exchange.wire_bytes, exchange.body_bytes) == (105, 5)
    assert exchange.request_headers == {":path": "/"}
    assert exchange.response_headers == {"x-cache": "HIT"}
    assert (exchange.remote_address, exchange.connection) == ("198.18.0.1", "36")


def test_wire_headers_may_come_before_the_request() -> None:
    early = event("Network.requestWillBeSentExtraInfo", requestId="1", headers={"a": "b"})
    (exchange,) = collect_exchanges([early, sent("1", URL, 10.0)])
    assert exchange.request_headers == {"a": "b"}
    assert exchange.was_sent


def test_without_wire_headers_it_is_not_known_to_be_sent() -> None:
    (exchange,) = collect_exchanges([sent("1", URL, 10.0)])
    assert not exchange.was_sent


def test_a_redirect_is_an_exchange_of_its_own() -> None:
    redirect = response(302, headers={"location": "/new"})
    first, second = collect_exchanges(
        [
            sent("1", URL, 10.0),
            sent("1", f"{URL}new", 10.1, redirectResponse=redirect),
            received("1", 10.2),
            finished("1", 10.3),
        ]
    )
    assert (first.status, first.redirect_url, first.ended_s) == (302, f"{URL}new", 10.1)
    assert (first.wire_bytes, second.wire_bytes) == (60, 100)
    assert (second.status, second.url) == (200, f"{URL}new")


def test_a_failure_is_kept_by_name() -> None:
    (exchange,) = collect_exchanges([sent("1", URL, 1.0), failed("1", 1.5, "net::ERR_FAILED")])
    assert (exchange.failure, exchange.status, exchange.ended_s) == ("net::ERR_FAILED", None, 1.5)


def test_what_never_touches_the_network_is_left_out() -> None:
    assert collect_exchanges([sent("1", "data:image/png;base64,AA", 1.0)]) == ()


def test_an_ipv6_address_loses_its_brackets() -> None:
    events = [sent("1", URL, 1.0), received("1", 1.1, remoteIPAddress="[2001:db8::1]")]
    assert collect_exchanges(events)[0].remote_address == "2001:db8::1"


def test_an_answer_to_nothing_is_ignored() -> None:
    assert collect_exchanges([finished("9", 1.0)]) == ()


def test_who_asked_for_what_is_kept() -> None:
    initiator = {"type": "parser", "url": URL, "lineNumber": 8}
    (exchange,) = collect_exchanges([sent("1", URL, 1.0, "Stylesheet", initiator=initiator)])
    assert (exchange.kind, exchange.initiator) == ("stylesheet", initiator)


def test_what_a_cache_answered_is_known() -> None:
    served = event("Network.requestServedFromCache", requestId="1")
    (memory,) = collect_exchanges([sent("1", URL, 1.0), served, received("1", 1.1)])
    (disk,) = collect_exchanges([sent("1", URL, 1.0), received("1", 1.1, fromDiskCache=True)])
    (network,) = collect_exchanges([sent("1", URL, 1.0), received("1", 1.1)])
    assert (memory.cache, disk.cache, network.cache) == ("memory", "disk", "")
