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
    ID,
    LAPTOP,
    ORIGIN6,
    Shop,
    asks2,
    cached,
    http2,
    locked,
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


def test_a_stale_page_served_at_once_waits_for_no_origin() -> None:
    """Seen: origin network 85.7 ms and application 19.2 ms, of an answer that nginx had."""
    shop = cached(LOADED, cache="STALE")
    shop.edge_asks_origin()
    path = find_critical_path(shop.story())
    assert is_whole(path)
    assert names(path)[2:5] == ["network", "edge", "network"]
    assert found(path, "edge").told.startswith("edge has an old copy of the page in its cache")
    assert found(path, "edge").duration_ms < 1


def test_an_origin_that_does_not_answer_is_waited_for_in_vain() -> None:
    shop = Shop(LOADED)
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(226.2, "MISS", status=504)
    shop.edge_logs(226.3, "MISS", upstream="198.18.5.7:80", upstream_s="0.200", total_s="0.200")
    told = found(find_critical_path(shop.story()), "edge").told
    assert told == "edge waits for the origin in vain, and answers with 504 of its own."


def test_a_balancer_without_a_server_to_ask_is_not_an_application() -> None:
    shop = Shop(replace(LOADED, url="https://direct.example.com/"))
    shop.opens(0, "shop-lb", LAPTOP, ORIGIN6, (40000, 443))
    block = http2(*asks2(host="direct.example.com"))
    for node, at_ms in (("laptop", 20), ("shop-lb", 26)):
        shop.tcp(node, at_ms, LAPTOP, ORIGIN6, (40000, 443), block, "tls:http2")
    answer = http2((":status", "503"), size=9)
    for node, at_ms in (("shop-lb", 226), ("laptop", 231)):
        shop.tcp(node, at_ms, ORIGIN6, LAPTOP, (443, 40000), answer, "tls:http2")
    said = f"{LAPTOP}:40000 [x] public apps/<NOSRV> 0/200/-1/-1/200 503 217 - - sQ-- 1/1/0/0/0 0/0"
    shop.logged("shop-lb", 226.1, f'{said} {{}} "GET https://direct.example.com/ HTTP/2.0"')
    path = find_critical_path(shop.story())
    assert "application" not in names(path)
    told = "shop-lb gets no answer of a server, and answers 503 itself."
    assert found(path, "balancer").told == told


def test_a_hit_that_waited_for_anothers_miss_is_the_cache_locks_wait() -> None:
    """Seen: 1,005 ms that were told as the time it took to have it."""
    path = find_critical_path(locked(LOADED).story())
    assert is_whole(path)
    assert names(path)[2:5] == ["network", "cache lock", "cache lock"]
    waited, looked = (segment for segment in path if segment.name == "cache lock")
    assert (waited.end_ns, looked.end_ns) == (at(99), at(226))
    assert "for another request already" in waited.told


def test_time_in_the_send_queue_is_the_windows() -> None:
    """Seen: 239 ms told as the balancer's, which had logged 2; as here the edge's, which has it."""
    shop = cached(LOADED)
    late_image(shop, 160, 250, queued=True)
    entry = timed("/static/late.png", 150, 250)
    path = find_critical_path(shop.story(timeline={"resource": [entry]}))
    assert is_whole(path)
    queue = found(path, "send queue")
    assert (queue.start_ns, queue.end_ns) == (at(166), at(242))
    assert "edge's send queue, after 4,000 bytes of others" in queue.told


def test_what_a_server_had_handed_out_by_its_log_is_in_its_send_queue() -> None:
    shop = cached(LOADED)
    late_image(shop, 160, 250, queued=True)
    line = {"id": "late", "request": "GET /static/late.png HTTP/2.0", "total_s": "0.002"}
    shop.edge_logs(170, "HIT", **line)
    entry = timed("/static/late.png", 150, 250)
    path = find_critical_path(shop.story(timeline={"resource": [entry]}))
    queue = found(path, "send queue")
    assert queue.told.endswith("By its log edge had written it before.")
    assert (queue.start_ns, queue.end_ns) == (at(168), at(242))


def late_image(
    shop: Shop, asked_ms: float, ended_ms: float, others: int = 0, *, queued: bool = False
) -> None:
    """An image over the same connection, which the edge has; after ``others`` bytes, or behind
    what the window lets out."""
    asked = http2(*asks2("/static/late.png"), streams=(3,))
    for node, then in (("laptop", asked_ms), ("edge", asked_ms + 6)):
        shop.tcp(node, then, LAPTOP, EDGE, (40000, 443), asked, "tls:http2", data=b"." * 300)
    answer = http2((":status", "200"), ("x-cache", "HIT"), streams=(3,), size=500)
    back = (EDGE, LAPTOP, (443, 40000))
    if queued:
        shop.tcp("edge", asked_ms + 5, *back, seq=9000, payload=b"o" * 2000)
        shop.tcp("edge", asked_ms + 7, *back, seq=11000, payload=b"o" * 4000)
        ack = {"payload": b"", "ack": 11000}
        shop.tcp("edge", ended_ms - 8.1, LAPTOP, EDGE, (40000, 443), **ack)
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


def test_a_page_that_came_before_time_was_up_is_told_before_it() -> None:
    """Seen with a frozen server: 7,918 ms of time-out, in which the page had come."""
    shop = missed(visit=replace(FAILED, error="timeout", ended_ms=400.0))
    path = find_critical_path(shop.story())
    assert {"application", "download", "timeout"} <= set(names(path))
    assert found(path, "timeout").start_ns == at(107.2)
    assert path[-1].end_ns == at(400)


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


def test_an_address_that_the_browser_does_not_go_to_waits_for_no_name() -> None:
    """Seen of port 22: "DNS 22.8 ms", for Chromium had begun to look the name up."""
    refused = talk(replace(FAILED, error="url", error_detail="net::ERR_UNSAFE_PORT")).recording
    refused.saw("laptop", 1, source="192.168.1.100", target="192.168.1.1", protocol=17)
    (segment,) = find_critical_path(refused.story())
    told = "The browser does not go there (net::ERR_UNSAFE_PORT)."
    assert (segment.name, segment.told) == ("browser", told)


def test_without_an_answer_nothing_is_asked_again_with_the_same_outcome() -> None:
    """Seen of a host without a lease, which asked nobody, and of a resolver that was off."""
    silent = talk(replace(FAILED, error="dns")).recording
    silent.saw("laptop", 1, source="192.168.1.100", target="192.168.1.1", protocol=1)
    (segment,) = find_critical_path(silent.story())
    told = "The browser finds no address of www.example.com, and no question for one is seen."
    assert (segment.name, segment.told) == ("DNS", told)
    asked = {"dns.id": "0x1", "dns.qry.name": "www.example.com", "dns.qry.type": "1"}
    ends = {"source": "192.168.1.100", "target": "192.168.1.1", "protocol": 17}
    silent.saw("laptop", 5, {**asked, "dns.flags": "0x0100"}, ports=(5000, 53), **ends)
    (segment,) = find_critical_path(silent.story())
    told = "laptop asks 192.168.1.1 for the address of www.example.com: no answer comes."
    assert segment.told == told


def test_a_server_that_was_asked_in_vain_first_is_part_of_the_balancers_time() -> None:
    """Seen of a server that nobody reaches: 4,001 ms of "chooses shop-app2 and passes it on"."""
    shop = missed(visit=LOADED)
    said = "198.18.5.9:50000 [x] public apps/shop-app1 0/4/0/4/8 200 3100 - - ---- 1/1/0/0/+1 0/0"
    shop.logged("shop-lb", 82.5, f'{said} {{{ID}}} "GET / HTTP/1.1"')
    told = found(find_critical_path(shop.story()), "balancer").told
    assert told == "shop-lb asks in vain first, then chooses shop-app1 and passes it on."


def test_an_origin_that_was_asked_in_vain_first_is_told_apart() -> None:
    shop = Shop(LOADED)
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_asks_in_vain()
    shop.edge_asks_origin()
    shop.edge_answers(99.2, "MISS")
    path = find_critical_path(shop.story())
    assert is_whole(path)
    assert "asks the origin in vain" in found(path, "origin").told
    assert found(path, "origin").end_ns == at(26.1)


def test_questions_within_the_search_domain_belong_to_a_failed_lookup() -> None:
    """Seen: DNS of 30.6 ms told as 12.6."""
    connection = talk(replace(FAILED, error="dns", url="https://intranet/"))
    run = connection.recording
    ends = {"source": "192.168.1.100", "target": "192.168.1.1", "protocol": 17}
    back = {"source": "192.168.1.1", "target": "192.168.1.100", "protocol": 17}
    for asked_ms, name in ((5, "intranet"), (20, "intranet.home.arpa")):
        asked = {"dns.id": "0x1", "dns.qry.name": name, "dns.qry.type": "1"}
        run.saw("laptop", asked_ms, {**asked, "dns.flags": "0x0100"}, ports=(5000, 53), **ends)
        denied = {**asked, "dns.flags": "0x8183"}
        run.saw("laptop", asked_ms + 10, denied, ports=(53, 5000), out=False, **back)
    path = find_critical_path(run.story())
    assert names(path) == ["browser", "DNS"]
    assert path[-1].end_ns == at(30)
    assert "intranet and intranet.home.arpa" in path[-1].told


def test_a_lookup_over_tcp_is_part_of_dns_and_no_connection_of_the_visit() -> None:
    """Seen: "213254 round trips of 0.04 ms", those of the gateway next door."""
    connection = talk(LOADED)
    dns = Talk(connection.recording, port=40009, server_port=53, one_way=0.0)
    dns.open(2)
    connection.open(20)
    story = connection.recording.story()
    assert [c.server[1] for c in story.connections] == [443]
    assert story.main_connection is story.connections[0]


def test_without_keys_what_the_log_does_not_count_is_not_the_servers() -> None:
    shop = logged_only(logged_ms=60)
    shop.visit = replace(shop.visit, timings_ms=LOADED.timings_ms)
    navigation = {"requestStart": 20.0, "responseStart": 305.0, "responseEnd": 307.0}
    path = find_critical_path(shop.story(timeline={"navigation": [navigation]}))
    server = found(path, "server")
    assert server.end_ns - server.start_ns == at(76) - at(0)
    assert "waits to be sent, or is under way" in " ".join(s.told for s in path)


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
