"""Figures beside the textbook's, and why they differ."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.analysis.figures.textbook import Comparison, compare_with_textbook
from orchestrator.analysis.packets.frames import ACK, SYN, UDP
from orchestrator.records.visit import Timings, Visit, Vitals
from tests.unit.analysis.builders import VISIT, Recording
from tests.unit.analysis.shopping import cached, missed
from tests.unit.analysis.talking import (
    EDGE,
    FINISHED,
    HELLO,
    HOME,
    OPTIONS,
    SERVER_HELLO,
    Talk,
    shake_hands,
    talk,
)

HERE = replace(VISIT, remote_address=EDGE)


def compared(recording: Recording, **evidence: Any) -> dict[str, Comparison]:
    return {c.name: c for c in compare_with_textbook(recording.story(**evidence))}


def secured(visit: Visit = HERE) -> Talk:
    connection = talk(visit)
    connection.open()
    shake_hands(connection, 20)
    return connection


def test_handshakes_are_counted_in_round_trips_of_their_connection() -> None:
    found = compared(secured().recording)
    assert (found["TCP"].measured, found["TCP"].unit, found["TCP"].within) == (1.0, "RTT", True)
    assert found["TLS"].measured == 1.2
    assert found["TLS"].within is True
    assert "TLS 1.3 takes 0.8 to 2.0 RTT: as usual." in found["TLS"].told


def test_a_round_trip_is_of_a_region_or_of_another_continent() -> None:
    near = compared(secured().recording)["A round trip"]
    assert (near.measured, near.high, near.within) == (10.0, 20.0, True)
    far = Talk(Recording(visit=HERE), one_way=70.0)
    far.up(0, flags=SYN, seq=999)
    far.down(70, flags=SYN | ACK, seq=4999, ack=1000)
    trip = compared(far.recording)["A round trip"]
    assert (trip.measured, trip.low, trip.high, trip.within) == (140.0, 100.0, 300.0, True)


def test_what_both_ends_compute_is_no_cross_on_a_short_line() -> None:
    """Four milliseconds there and back, and nine of making keys."""
    connection = Talk(Recording(visit=HERE), one_way=2.0)
    connection.up(0, OPTIONS, flags=SYN, seq=999)
    connection.down(2, OPTIONS, flags=SYN | ACK, seq=4999, ack=1000)
    connection.up(20, HELLO, seq=1000, payload=b"c" * 500)
    connection.down(31, SERVER_HELLO, seq=5000, payload=b"s" * 1000)
    connection.up(40, FINISHED, seq=1500, payload=b"f" * 70)
    tls = compared(connection.recording)["TLS"]
    assert (tls.measured, tls.high, tls.within) == (3.25, 2.0, True)
    assert tls.told.endswith("as usual, and 5.0 ms of computing.")


def test_a_request_is_for_what_an_edge_has_or_for_what_has_to_be_made() -> None:
    stored = compared(cached(VISIT))["The request"]
    assert (stored.unit, stored.high, stored.within) == ("RTT", 1.5, True)
    made = compared(missed())["The request"]
    assert (made.measured, made.unit, made.high, made.within) == (85.2, "ms", 600.0, True)


def test_a_first_paint_is_compared_where_there_is_one() -> None:
    painted = replace(VISIT, vitals=Vitals(first_contentful_paint=2000.0))
    assert compared(cached(painted))["The first paint"].within is False
    assert "The first paint" not in compared(cached(VISIT))


def test_the_eight_rows_of_the_table() -> None:
    whole = cached(replace(VISIT, vitals=Vitals(first_contentful_paint=90.0)))
    rows = [*compared(full_lookup(60)), *compared(whole), *compared(secured().recording)]
    assert set(rows) == {
        *("DNS", "A round trip", "TCP", "TLS"),
        *("The request", "The first byte", "The first paint", "The page"),
    }


def test_a_lost_segment_explains_a_long_handshake() -> None:
    connection = talk(HERE)
    connection.open()
    connection.up(20, {"tls.handshake.type": "1"}, seq=1000, payload=b"h" * 500, arrives=False)
    connection.up(230, {}, seq=1000, payload=b"h" * 500)
    chosen = {"tls.handshake.extensions.supported_version": "0x0304", "tls.handshake.type": "2"}
    connection.down(236, chosen, seq=5000, payload=b"s" * 1000)
    connection.up(250, {"tls.handshake.type": "20"}, seq=1500, payload=b"f" * 70)
    tls = compared(connection.recording)["TLS"]
    assert tls.within is False
    assert tls.told.endswith("this was longer. 1 segment had to be sent again.")


def test_tls_1_2_is_measured_to_the_servers_finished() -> None:
    connection = talk(HERE)
    connection.open()
    old = {"tls.handshake.version": "0x0303"}
    connection.up(20, {"tls.handshake.type": "1"})
    certificate = {"tls.handshake.type": ("2", "11"), "tls.handshake.certificate": "00"}
    connection.down(26, {**old, **certificate})
    connection.up(34, {"tls.handshake.type": "16", "tls.record.content_type": "20"})
    connection.down(40, {"tls.record.content_type": "20"})
    tls = compared(connection.recording)["TLS"]
    assert (tls.measured, tls.low, tls.high) == (2.5, 1.6, 3.0)
    assert "TLS up to 1.2 takes" in tls.told


def test_an_address_that_did_not_answer_explains_a_long_connect() -> None:
    connection = talk(replace(HERE, timings_ms=Timings(connect=310.0)))
    other = Talk(connection.recording, port=39999)
    other.up(0, flags=SYN, seq=999, arrives=False)
    connection.open(300)
    tcp = compared(connection.recording)["TCP"]
    assert (tcp.measured, tcp.within) == (31.0, False)
    assert "198.18.5.9 did not answer" in tcp.told


def test_a_syn_sent_again_explains_it_too() -> None:
    connection = talk(HERE)
    connection.up(0, flags=SYN, seq=999, arrives=False)
    connection.open(1000)
    tcp = compared(connection.recording)["TCP"]
    assert tcp.measured == 101.0
    assert tcp.told.endswith("A SYN was lost and had to be sent again.")


def ask(
    run: Recording,
    node: str,
    at_ms: float,
    ended_ms: float,
    source: str,
    target: str,
    rcode: int = 0,
) -> None:
    """A query for www.example.com and its answer, as the asker saw them."""
    asked = {"dns.id": "0x1", "dns.qry.name": "www.example.com", "dns.qry.type": "1"}
    port = 5000 + round(at_ms)
    query = {"source": source, "target": target, "protocol": UDP, "identity": port}
    run.saw(node, at_ms, {**asked, "dns.flags": "0x0100"}, ports=(port, 53), **query)
    answer = {"source": target, "target": source, "protocol": UDP, "identity": port + 1}
    flags = {**asked, "dns.flags": f"{0x8180 | rcode:#06x}"}
    run.saw(node, ended_ms, flags, ports=(53, port), out=False, **answer)


@pytest.mark.parametrize(("ended_ms", "within"), [(3.0, True), (9.0, False)])
def test_a_name_from_a_cache_takes_no_time(ended_ms: float, within: bool) -> None:
    run = Recording()
    ask(run, "laptop", 1.0, ended_ms, "192.168.1.100", "192.168.1.1")
    dns = compared(run)["DNS"]
    assert (dns.low, dns.high, dns.within) == (0.0, 5.0, within)


def test_a_name_in_no_cache_is_asked_for_by_gateway_and_resolver() -> None:
    run = Recording()
    ask(run, "laptop", 1, 60, "192.168.1.100", "192.168.1.1")
    ask(run, "home-gw", 2, 59, "198.18.1.3", "198.18.1.1")
    ask(run, "isp-resolver", 3, 30, "198.18.1.1", "198.18.5.1")
    ask(run, "isp-resolver", 31, 58, "198.18.1.1", "198.18.5.5")
    dns = compared(run)["DNS"]
    assert (dns.measured, dns.low, dns.high, dns.within) == (59.0, 20.0, 200.0, True)


def test_a_long_lookup_is_explained_by_who_had_to_ask() -> None:
    run = Recording()
    ask(run, "laptop", 1, 260, "192.168.1.100", "192.168.1.1")
    ask(run, "home-gw", 2, 259, "198.18.1.3", "198.18.1.1")
    ask(run, "isp-resolver", 3, 258, "198.18.1.1", "198.18.5.1")
    dns = compared(run)["DNS"]
    assert dns.within is False
    assert "home-gw asked 1 question" in dns.told
    assert "isp-resolver asked 1 question" in dns.told


def test_a_resolver_that_knows_has_a_row_of_its_own() -> None:
    run = Recording()
    ask(run, "laptop", 1, 12, "192.168.1.100", "192.168.1.1")
    ask(run, "home-gw", 2, 11, "198.18.1.3", "198.18.1.1")
    dns = compared(run)["DNS"]
    assert (dns.low, dns.high, dns.within) == (1.0, 50.0, True)


def full_lookup(ended_ms: float, rcode: int = 0, visit: Visit = VISIT) -> Recording:
    """A name in no cache: gateway and resolver ask too."""
    run = Recording(visit=visit)
    ask(run, "laptop", 1, ended_ms, "192.168.1.100", "192.168.1.1", rcode)
    ask(run, "home-gw", 2, ended_ms - 1, "198.18.1.3", "198.18.1.1", rcode)
    ask(run, "isp-resolver", 3, ended_ms - 2, "198.18.1.1", "198.18.5.1", rcode)
    return run


def test_what_is_quicker_than_the_textbook_is_good_too() -> None:
    dns = compared(full_lookup(15))["DNS"]
    assert (dns.measured, dns.low, dns.within) == (14.0, 20.0, True)
    assert dns.told.startswith("DNS took 14.0 ms; a name that is in no cache takes 20 to 200 ms: ")
    assert "this was quicker." in dns.told
    page = compared(cached(replace(VISIT, timings_ms=Timings(load=60.0))))["The page"]
    assert (page.low, page.within) == (100.0, True)


@pytest.mark.parametrize("ended_ms", [15.0, 60.0, 300.0])
def test_a_name_that_is_not_found_is_neither_good_nor_bad(ended_ms: float) -> None:
    dns = compared(full_lookup(ended_ms, rcode=3))["DNS"]
    assert dns.within is None
    assert "this one failed." in dns.told


def test_a_visit_that_ends_without_an_address_has_no_good_lookup() -> None:
    """The answer is NOERROR, and holds none: the browser fails all the same."""
    failed = replace(VISIT, status=None, error="dns")
    assert compared(full_lookup(15, visit=failed))["DNS"].within is None


def test_a_handshake_that_ends_in_an_alert_is_not_compared() -> None:
    found = compared(secured(replace(HERE, status=None, error="tls")).recording)
    assert found["TCP"].within is True
    assert found["TLS"].within is None


def test_an_error_page_is_no_quick_page() -> None:
    error = replace(VISIT, status=502, error="http", timings_ms=Timings(load=180.0))
    found = compared(cached(error))
    assert (found["The first byte"].within, found["The page"].within) == (None, None)
    assert "this one failed." in found["The page"].told


def test_a_page_from_a_near_edge() -> None:
    quick = compared(cached(replace(VISIT, timings_ms=Timings(load=180.0))))["The page"]
    assert (quick.low, quick.high, quick.within) == (100.0, 400.0, True)
    slow = compared(cached(replace(VISIT, timings_ms=Timings(load=600.0))))["The page"]
    assert slow.within is False


def test_a_first_page_comes_from_the_origin_and_is_another_case() -> None:
    first = compared(missed(visit=replace(VISIT, timings_ms=Timings(load=600.0))))["The page"]
    assert first.within is None
    assert "this is another case." in first.told
    assert "The edge had to ask the origin for 1 response (MISS)." in first.told


def test_a_page_from_a_far_edge_is_another_case() -> None:
    far = Talk(Recording(visit=replace(HERE, timings_ms=Timings(load=700.0))), one_way=40.0)
    far.up(0, flags=SYN, seq=999)
    far.down(40, flags=SYN | ACK, seq=4999, ack=1000)
    line = {"id": "1", "client": f"{HOME}:40000", "request": "GET / HTTP/2.0", "cache": "HIT"}
    far.recording.logged("edge", 100, json.dumps({**line, "status": 200}))
    page = compared(far.recording)["The page"]
    assert page.within is None
    assert "this is another case. edge is 80 ms away and back." in page.told


def test_the_first_byte_is_of_packets_or_else_of_the_browser() -> None:
    seen = compared(cached(VISIT))["The first byte"]
    assert (seen.measured, seen.within) == (32.2, True)
    run = Recording()
    told = compared(run, timeline={"navigation": [{"responseStart": 900.0}]})["The first byte"]
    assert (told.measured, told.within) == (900.0, False)


def test_curl_loads_no_page() -> None:
    visit = replace(VISIT, client="curl", timings_ms=Timings(load=180.0))
    assert "The page" not in compared(cached(visit))


def test_a_run_with_nothing_in_it_has_no_figures() -> None:
    assert compared(Recording()) == {}
