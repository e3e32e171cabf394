"""Log lines of the shop's servers."""

from __future__ import annotations

from ipaddress import ip_address

from orchestrator.analysis.step import proof_in_log
from orchestrator.records.server_logs import (
    read_app_log,
    read_balancer_log,
    read_edge_log,
    read_web_log,
)
from orchestrator.records.testimony import LogLine

EDGE = (
    '{"time":"1.5","id":"abc","client":"3fff:2::1:43092","request":"GET /a?b=c HTTP/2.0",'
    '"status":200,"bytes":8389,"cache":"MISS","upstream":"198.18.25.1:80","upstream_s":"0.176",'
    '"total_s":"0.177","protocol":"HTTP/2.0","tls":"TLSv1.3"}'
)
BALANCER = (
    "198.18.21.1:34362 [21/Nov/2026:06:25:21.694] public apps/shop-app2 0/0/0/4/5 200 8370 - - "
    '---- 1/1/0/0/0 0/0 {abc} "GET / HTTP/1.1"'
)
DIRECT = (
    "3fff:2::1:43092 [21/Nov/2026:06:25:33.209] public~ web/shop-web1 0/0/0/0/+7 200 9 - - ---- "
    '1/1/0/0/0 0/0 {} "GET https://direct.example.com/static/a.png?v=1 HTTP/2.0"'
)
NOBODY = (
    "198.18.21.1:1 [21/Nov/2026:06:25:33.209] public apps/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- "
    '1/1/0/0/0 0/0 {abc} "GET / HTTP/1.1"'
)


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(n, 10**9, text) for n, text in enumerate(texts, start=1)]


def test_the_edge_logs_json() -> None:
    (entry,) = read_edge_log("edge", lines(EDGE))
    assert entry.client == (ip_address("3fff:2::1").packed, 43092)
    assert (entry.request_id, entry.method, entry.path, entry.status) == (
        "abc",
        "GET",
        "/a?b=c",
        200,
    )
    assert entry.values["cache"] == "MISS"
    assert entry.began_ns == 10**9 - 177_000_000


def test_what_proves_a_line_is_a_part_of_it_with_the_verdict() -> None:
    (entry,) = read_edge_log("edge", lines("[notice] something else", EDGE))
    proof = proof_in_log(entry, "here")
    assert (proof.file, proof.number, proof.says) == ("logs/edge.log", 2, "here")
    assert proof.shows in EDGE
    assert '"cache":"MISS"' in proof.shows
    assert '"id":"abc"' in proof.shows


def test_haproxy_logs_backend_server_and_timers() -> None:
    (entry,) = read_balancer_log("lb", lines(BALANCER))
    assert entry.client == (ip_address("198.18.21.1").packed, 34362)
    assert (entry.request_id, entry.path, entry.status) == ("abc", "/", 200)
    assert entry.values["backend"] == "apps"
    assert entry.values["server"] == "shop-app2"
    assert entry.values["timers"] == "0/0/0/4/5"
    assert entry.says == "apps/shop-app2 0/0/0/4/5 200 8370"
    assert entry.began_ns == 10**9 - 5_000_000


def test_haproxy_logs_whole_urls_of_http2_and_no_id() -> None:
    (entry,) = read_balancer_log("lb", lines(DIRECT))
    assert (entry.request_id, entry.path) == ("", "/static/a.png?v=1")
    assert entry.began_ns == 10**9 - 7_000_000


def test_haproxy_logs_that_it_had_no_server() -> None:
    (entry,) = read_balancer_log("lb", lines(NOBODY))
    assert entry.values["server"] == "<NOSRV>"
    assert entry.status == 503


def test_the_application_logs_how_long_it_worked() -> None:
    said = lines("shop-app1 GET '/' 200 3.3 ms id=abc", "shop-app1 GET '/healthz' 200 2.1 ms id=-")
    page, check = read_app_log("shop-app1", said)
    assert (page.request_id, page.path, page.values["ms"]) == ("abc", "/", "3.3")
    assert check.request_id == ""
    assert proof_in_log(page).shows == said[0].text


def test_the_web_server_logs_bytes() -> None:
    said = '1795242321.838 abc 10.0.0.1 "GET /static/shop.css HTTP/1.1" 200 4195'
    (entry,) = read_web_log("shop-web1", lines(said))
    assert (entry.request_id, entry.path, entry.values["bytes"]) == (
        "abc",
        "/static/shop.css",
        "4195",
    )


def test_lines_of_another_kind_are_passed_over() -> None:
    other = lines("", "{", '{"a": 1}', "[1]", "started", '{"id":"x","request":"\\u0016"}')
    for read in (read_edge_log, read_balancer_log, read_app_log, read_web_log):
        assert list(read("node", other)) == []


def test_the_applications_paths_are_read_however_python_quotes_them() -> None:
    said = lines(
        """shop-app1 GET "/it's" 404 2.1 ms id=abc""",
        "shop-app1 GET '/\\xfc' 404 2.1 ms id=abc",
    )
    assert [logged.path for logged in read_app_log("shop-app1", said)] == ["/it's", "/ü"]
