"""The critical path: no gaps, no overlaps, and what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.analysis.packets.frames import ACK, RST, SYN
from orchestrator.analysis.waits.critical import Segment, find_critical_path
from orchestrator.analysis.waits.segment import Path
from orchestrator.records.visit import Timings, Visit
from tests.unit.analysis.builders import VISIT, at
from tests.unit.analysis.shopping import (
    EDGE,
    LAPTOP,
    Shop,
    asks2,
    cached,
    http2,
    logged_only,
    missed,
    resource,
)
from tests.unit.analysis.talking import Talk, shake_hands, talk

LOADED = replace(VISIT, timings_ms=Timings(dns=0.0, ttfb=85.0, download=2.0, load=300.0))
FAILED = replace(VISIT, status=None, timings_ms=Timings(), error="connect", error_detail="refused")


def names(segments: Sequence[Segment]) -> list[str]:
    return [segment.name for segment in segments]


def is_whole(segments: Sequence[Segment], visit: Visit = LOADED) -> bool:
    """From the start to the load event, each from where the last one ended."""
    ends = [at(0), *(segment.end_ns for segment in segments)]
    starts = [segment.start_ns for segment in segments]
    return starts == ends[:-1] and ends[-1] == at(visit.timings_ms.load or 0)


def found(segments: Sequence[Segment], name: str) -> Segment:
    return next(segment for segment in segments if segment.name == name)


def test_a_miss_is_followed_through_every_server_and_back() -> None:
    path = find_critical_path(missed(visit=LOADED).story())
    assert is_whole(path)
    assert names(path) == [
        "TCP",
        "browser",
        "network",
        "origin connect",
        "edge",
        "origin network",
        "balancer",
        "application",
        "balancer",
        "origin network",
        "edge",
        "network",
        "download",
        "browser",
    ]
    assert found(path, "application").told == "shop-app1 makes the page."
    connecting = found(path, "origin connect")
    assert (connecting.start_ns, connecting.end_ns) == (at(26), at(60))
    assert found(path, "download").end_ns == at(107.2)


def test_a_hit_stops_at_the_edge() -> None:
    path = find_critical_path(cached(LOADED).story())
    assert is_whole(path)
    assert names(path)[2:5] == ["network", "edge", "network"]
    assert found(path, "edge").told == "edge has the page in its cache and answers."


def test_without_keys_half_a_round_trip_is_the_way_there_and_half_the_way_back() -> None:
    shop = logged_only()
    shop.visit = replace(shop.visit, timings_ms=LOADED.timings_ms)
    navigation = {"requestStart": 20.0, "responseStart": 105.0, "responseEnd": 107.0}
    path = find_critical_path(shop.story(timeline={"navigation": [navigation]}))
    assert is_whole(path)
    there, back = (s for s in path if s.name == "network")
    assert (there.end_ns, back.start_ns) == (at(25), at(100))
    assert "0.073 s of that it waited for the origin" in found(path, "server").told


def late_image(shop: Shop, asked_ms: float, ended_ms: float, others: int = 0) -> None:
    """An image over the same connection, which the edge has; after ``others`` bytes."""
    asked = http2(*asks2("/static/late.png"), streams=(3,))
    for node, then in (("laptop", asked_ms), ("edge", asked_ms + 6)):
        shop.tcp(node, then, LAPTOP, EDGE, (40000, 443), asked, "tls:http2", data=b"." * 300)
    answer = http2((":status", "200"), ("x-cache", "HIT"), streams=(3,), size=500)
    back = (EDGE, LAPTOP, (443, 40000))
    shop.tcp("edge", ended_ms - 8, *back, answer, "tls:http2", data=b"." * 600)
    shop.tcp("laptop", ended_ms - 3, *back, payload=b"o" * others)
    shop.tcp("laptop", ended_ms - 2, *back, answer, "tls:http2", data=b"." * 600)


def timed(path: str, start_ms: float, end_ms: float) -> dict[str, Any]:
    return {
        "name": f"https://www.example.com{path}",
        "startTime": start_ms,
        "duration": end_ms - start_ms,
        "requestStart": start_ms,
        "responseStart": end_ms,
        "responseEnd": end_ms,
    }


def test_the_load_event_waits_for_the_resource_that_came_last_before_it() -> None:
    shop = cached(LOADED)
    late_image(shop, 160, 250)
    early, late = timed("/static/early.png", 60, 80), timed("/static/late.png", 150, 250)
    favicon = timed("/static/icon.svg", 310, 400)
    story = shop.story(timeline={"resource": [late, early, favicon]})
    path = find_critical_path(story)
    assert is_whole(path)
    assert "finds late.png in it" in " ".join(s.told for s in path)
    assert "early.png" not in " ".join(s.told for s in path)
    assert path[-1].told == "late.png is there; the browser uses it, and the load event fires."
    assert path[-1].start_ns == at(248)


def test_who_named_a_resource_comes_before_it() -> None:
    sheet, font = timed("/static/shop.css", 60, 90), timed("/static/shop.woff2", 100, 250)
    cause = {"type": "parser", "url": sheet["name"]}
    entry = {"request": {"url": font["name"]}, "_initiator": cause}
    har = {"log": {"entries": [entry]}}
    story = cached(LOADED).story(timeline={"resource": [font, sheet]}, har=har)
    path = find_critical_path(story)
    assert is_whole(path)
    told = [segment.told for segment in path]
    assert "The browser reads shop.css and finds shop.woff2 in it." in told
    assert any("finds shop.css in it" in text for text in told)


def test_without_a_timeline_the_record_tells_of_resources() -> None:
    visit = replace(LOADED, resources=(resource("/static/late.png", 200.0),))
    path = find_critical_path(cached(visit).story())
    assert is_whole(path)
    assert path[-1].start_ns == at(250)


def test_a_resource_found_before_the_page_has_come_ends_the_wait_for_the_page() -> None:
    early = timed("/static/early.png", 33, 250)
    path = find_critical_path(cached(LOADED).story(timeline={"resource": [early]}))
    assert is_whole(path)
    assert all(s.end_ns <= at(33) for s in path if "the page" in s.told)


def test_a_wait_behind_other_responses_is_told() -> None:
    shop = cached(LOADED)
    late_image(shop, 160, 250, others=5000)
    story = shop.story(timeline={"resource": [timed("/static/late.png", 150, 250)]})
    told = [s.told for s in find_critical_path(story)]
    assert any("after 5,000 bytes of others on the same connection" in text for text in told)


def test_the_time_of_curl_ends_with_curl() -> None:
    visit = replace(LOADED, client="curl", timings_ms=Timings(load=150.0))
    path = find_critical_path(cached(visit).story())
    assert is_whole(path, visit)
    assert path[-1].name == "curl"


def test_an_address_that_does_not_answer_costs_the_wait_for_the_next() -> None:
    shop = Shop(LOADED)
    dead = (LAPTOP, "3fff:1:4000::7", (39999, 443))
    shop.tcp("laptop", 0, *dead, flags=SYN, payload=b"")
    shop.opens(300, "edge", LAPTOP, EDGE, (40000, 443))
    shop.visit = replace(shop.visit, timings_ms=Timings(load=400.0))
    path = find_critical_path(shop.story())
    assert is_whole(path, shop.visit)
    vain = found(path, "TCP in vain")
    assert (vain.start_ns, vain.end_ns) == (at(0), at(300))


def test_tls_is_split_into_the_way_and_the_check() -> None:
    connection = talk(replace(LOADED, remote_address="198.18.5.9"))
    connection.open()
    shake_hands(connection, 20)
    path = find_critical_path(connection.recording.story())
    assert is_whole(path)
    assert found(path, "TLS").end_ns == at(32)
    assert found(path, "TLS check").end_ns == at(40)


def test_a_segment_sent_again_is_told_where_it_was_waited_for() -> None:
    connection = talk(replace(LOADED, remote_address="198.18.5.9"))
    connection.open()
    connection.up(20, {"tls.handshake.type": "1"}, seq=1000, payload=b"h" * 500, arrives=False)
    connection.up(230, {}, seq=1000, payload=b"h" * 500)
    connection.down(236, {"tls.handshake.type": "2"}, seq=5000, payload=b"s" * 1000)
    connection.up(250, {"tls.handshake.type": "20"}, seq=1500, payload=b"f" * 70)
    path = find_critical_path(connection.recording.story())
    told = "In this time 1 TCP segment had to be sent again, 210 ms late."
    assert told in found(path, "TLS").told


def test_a_refused_connection_is_the_end_of_the_path() -> None:
    connection = talk(FAILED)
    connection.up(5, flags=SYN, seq=999)
    connection.down(10, flags=RST | ACK, ack=1000)
    path = find_critical_path(connection.recording.story())
    assert names(path) == ["browser", "TCP refused"]
    assert path[-1].end_ns == at(15)


def test_the_path_of_a_timeout_ends_with_the_last_packet() -> None:
    connection = talk(replace(FAILED, error="timeout"))
    connection.up(5, flags=SYN, seq=999, arrives=False)
    connection.up(1005, flags=SYN, seq=999, arrives=False)
    other = Talk(connection.recording, port=40001)
    other.up(3005, flags=SYN, seq=999, arrives=False)
    path = find_critical_path(connection.recording.story())
    assert names(path) == ["browser", "TCP in vain"]
    assert path[-1].end_ns == at(3005)


def test_a_timeout_lasts_as_long_as_the_visit_had() -> None:
    """`--timeout 100` was told as 78,083 ms, of which the last packet was seen at the end."""
    connection = talk(replace(FAILED, error="timeout", ended_ms=100_000))
    connection.up(5, flags=SYN, seq=999, arrives=False)
    connection.up(78_083, flags=SYN, seq=999, arrives=False)
    story = connection.recording.story()
    assert story.ended_ns == at(100_000)
    assert find_critical_path(story)[-1].end_ns == at(100_000)


def test_another_failure_ends_with_what_was_seen_last() -> None:
    connection = talk(replace(FAILED, ended_ms=100_000))
    connection.up(5, flags=SYN, seq=999)
    connection.down(10, flags=RST | ACK, ack=1000)
    assert connection.recording.story().ended_ns == at(15)


def test_the_path_of_a_wrong_certificate_ends_with_the_alert() -> None:
    connection = talk(replace(FAILED, error="tls", error_detail="a wrong name"))
    connection.open()
    connection.up(20, {"tls.handshake.type": "1"})
    connection.down(26, {"tls.handshake.type": "2"})
    connection.up(40, {"tls.alert_message.desc": "46"})
    connection.up(90, {}, flags=ACK)
    path = find_critical_path(connection.recording.story())
    assert names(path) == ["TCP", "TLS", "TLS alert"]
    assert path[-1].told == "The end of it: a wrong name."
    assert path[-1].end_ns == at(40)


def test_a_name_that_does_not_exist_ends_with_its_answer() -> None:
    connection = talk(replace(FAILED, error="dns"))
    run = connection.recording
    asked = {"dns.id": "0x1", "dns.qry.name": "www.example.com", "dns.qry.type": "1"}
    ends = {"source": "192.168.1.100", "target": "192.168.1.1", "protocol": 17}
    run.saw("laptop", 5, {**asked, "dns.flags": "0x0100"}, ports=(5000, 53), **ends)
    back = {"source": "192.168.1.1", "target": "192.168.1.100", "protocol": 17}
    answer = {**asked, "dns.flags": "0x8183"}
    run.saw("laptop", 30, answer, ports=(53, 5000), out=False, **back)
    path = find_critical_path(run.story())
    assert names(path) == ["browser", "DNS"]
    assert path[-1].end_ns == at(30)


def test_without_keys_a_wrong_certificate_ends_with_what_the_client_sent_last() -> None:
    connection = talk(replace(FAILED, error="tls", error_detail="a wrong name"))
    connection.open()
    connection.up(20, {"tls.handshake.type": "1"})
    connection.down(26, {"tls.handshake.type": "2"})
    connection.up(40, {"tls.record.opaque_type": "23"})
    connection.up(90, {}, flags=ACK)
    path = find_critical_path(connection.recording.story())
    assert names(path) == ["TCP", "TLS", "TLS alert"]
    assert path[-1].end_ns == at(40)


def test_with_nothing_but_the_record_its_times_follow_the_connection() -> None:
    shop = Shop(LOADED)
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    path = find_critical_path(shop.story())
    assert is_whole(path)
    assert names(path) == ["TCP", "response", "download", "browser"]
    assert found(path, "response").end_ns == at(95)


@pytest.mark.parametrize("visit", [LOADED, FAILED])
def test_a_run_without_packets_is_no_error(visit: Visit) -> None:
    path = find_critical_path(talk(visit).recording.story())
    assert is_whole(path, visit) if visit.error is None else path == ()


def test_a_path_never_goes_back() -> None:
    path = Path(at(0), at(100))
    path.until(at(50), "a", "")
    path.until(at(40), "b", "")
    path.pause(at(50.1), "c", "")
    path.until(at(200), "d", "")
    assert [(s.name, s.end_ns) for s in path.segments] == [("a", at(50)), ("d", at(100))]
