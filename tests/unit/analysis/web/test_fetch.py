"""A request, followed from server to server."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.http import HttpExchange
from tests.unit.analysis.builders import VISIT
from tests.unit.analysis.shopping import (
    APP,
    BALANCER,
    EDGE,
    ID,
    LAPTOP,
    ORIGIN6,
    Shop,
    answers1,
    asks1,
    asks2,
    cached,
    http2,
    logged_only,
    missed,
    resource,
)


def places(fetch: Fetch) -> list[str]:
    """The nodes at which the request was found, on its way."""
    found = (
        fetch.asked,
        fetch.front,
        fetch.upstream,
        fetch.balanced,
        fetch.backend,
        fetch.served,
    )
    return [entry.request.node if isinstance(entry, HttpExchange) else "" for entry in found]


def test_a_miss_is_followed_to_the_application() -> None:
    (fetch,) = find_fetches(missed().story()).documents
    assert places(fetch) == ["laptop", "edge", "edge", "shop-lb", "shop-lb", "shop-app1"]
    for line, node in (
        (fetch.edge_line, "edge"),
        (fetch.balancer_line, "shop-lb"),
        (fetch.server_line, "shop-app1"),
    ):
        assert line is not None
        assert (line.node, line.request_id) == (node, ID)
    assert fetch.cache == "MISS"
    assert fetch.status == 200


def test_of_several_tries_the_one_that_was_answered_counts() -> None:
    """Seen: nginx asked again over a new connection, and the first try's silence was told."""
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_asks_in_vain()
    shop.edge_asks_origin()
    shop.edge_answers(99.2, "MISS")
    shop.origin_logs()
    (fetch,) = find_fetches(shop.story()).documents
    assert fetch.upstream is not None
    assert fetch.upstream.response is not None
    assert [entry.request.frame.source_port for entry in fetch.in_vain] == [49999]
    assert fetch.balanced is not None
    assert fetch.balanced.response is not None
    assert fetch.balancer_line is not None
    assert fetch.balancer_line.values["server"] == "shop-app1"


def test_a_hit_ends_at_the_edge() -> None:
    (fetch,) = find_fetches(cached().story()).documents
    assert places(fetch) == ["laptop", "edge", "", "", "", ""]
    assert fetch.cache == "HIT"


def test_another_request_of_the_same_path_and_time_is_not_taken_for_it() -> None:
    shop = cached()
    shop.tcp("shop-lb", 26.1, "198.18.5.9", "198.18.5.7", (50001, 80), asks1(X_Request_Id="other"))
    line = (
        "198.18.5.9:50001 [x] public apps/shop-app1 0/0/0/4/4 200 3 - - ---- 1/1/0/0/0 0/0 {other}"
    )
    shop.logged("shop-lb", 26.2, f'{line} "GET / HTTP/1.1"')
    (fetch,) = find_fetches(shop.story()).documents
    assert fetch.balanced is None
    assert fetch.balancer_line is None


def test_without_keys_the_logs_lead_on_to_what_was_never_encrypted() -> None:
    (fetch,) = find_fetches(logged_only().story()).documents
    assert places(fetch) == ["", "", "edge", "shop-lb", "shop-lb", "shop-app1"]
    assert fetch.peer is not None
    assert fetch.peer.node == "edge"
    assert (fetch.status, fetch.cache) == (200, "MISS")


def test_a_visit_that_never_asked_has_no_documents() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    found = find_fetches(shop.story())
    assert (found.documents, found.resources) == ((), ())


def direct(*served_at_ms: float) -> Shop:
    """A site whose TLS the balancer ends, so that nobody gives requests an id."""
    shop = Shop(replace(VISIT, url="https://direct.example.com/"))
    shop.opens(0, "shop-lb", LAPTOP, ORIGIN6, (40000, 443))
    block = http2(*asks2(host="direct.example.com"))
    shop.tcp("laptop", 20, LAPTOP, ORIGIN6, (40000, 443), block, "tls:http2")
    shop.tcp("shop-lb", 26, LAPTOP, ORIGIN6, (40000, 443), block, "tls:http2")
    for place, at_ms in enumerate(served_at_ms):
        ends = (BALANCER, APP, (51000 + place, 8080))
        shop.tcp("shop-lb", at_ms, *ends, asks1(), "http", identity=900 + place)
        shop.tcp("shop-app1", at_ms, *ends, asks1(), "http", identity=900 + place)
        back = (APP, BALANCER, (8080, 51000 + place))
        shop.tcp("shop-app1", at_ms + 2, *back, answers1(), "http")
        shop.tcp("shop-lb", at_ms + 2, *back, answers1(), "http")
    answer = http2((":status", "200"), ("x-balancer", "shop-lb"), size=9)
    shop.tcp("shop-lb", 32, ORIGIN6, LAPTOP, (443, 40000), answer, "tls:http2")
    shop.origin_logs(request_id="", client=f"{LAPTOP}:40000")
    return shop


def test_without_an_edge_the_balancer_is_the_front_and_time_leads_on() -> None:
    (fetch,) = find_fetches(direct(27.0).story()).documents
    assert places(fetch) == ["laptop", "shop-lb", "", "shop-lb", "shop-lb", "shop-app1"]
    assert fetch.edge_line is None
    assert fetch.balancer_line is not None


def test_of_two_that_fit_neither_is_taken() -> None:
    (fetch,) = find_fetches(direct(27.0, 28.0).story()).documents
    assert fetch.backend is None
    assert fetch.served is None


def test_what_the_balancer_asked_at_another_time_does_not_fit() -> None:
    (fetch,) = find_fetches(direct(27.0, 60.0).story()).documents
    assert fetch.backend is not None
    assert fetch.backend.request.frame.source_port == 51000


def test_redirections_are_followed_to_the_page() -> None:
    shop = Shop(replace(VISIT, url="http://www.example.com/"))
    shop.opens(0, "edge", LAPTOP, EDGE, (40001, 80))
    shop.tcp("laptop", 11, LAPTOP, EDGE, (40001, 80), asks1(), "http")
    moved = answers1(301, Location="https://www.example.com/")
    shop.tcp("laptop", 15, EDGE, LAPTOP, (80, 40001), moved, "http")
    shop.opens(16, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks(30)
    shop.edge_answers(40, "HIT")
    found = find_fetches(shop.story())
    assert [(f.url, f.status) for f in found.documents] == [
        ("http://www.example.com/", 301),
        ("https://www.example.com/", 200),
    ]
    assert found.resources == ()


def test_a_page_may_redirect_to_itself() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    ends, back = (LAPTOP, EDGE, (40000, 443)), (EDGE, LAPTOP, (443, 40000))
    shop.tcp("laptop", 11, *ends, asks1(), "tls:http")
    shop.tcp("laptop", 12, *back, answers1(302, Location="/"), "tls:http")
    shop.tcp("laptop", 13, *ends, asks1(), "tls:http")
    shop.tcp("laptop", 14, *back, answers1(), "tls:http")
    found = find_fetches(shop.story())
    assert [fetch.status for fetch in found.documents] == [302, 200]
    assert found.resources == ()


def test_files_are_those_that_the_browser_tells_of_and_those_that_it_only_asked_for() -> None:
    shop = cached(replace(VISIT, resources=(resource("/a.css", 50), resource("/lost.js", 51))))
    for at_ms, path, stream in ((50, "/a.css", 3), (52, "/unheard.png", 5)):
        block = http2(*asks2(path), streams=(stream,))
        shop.tcp("laptop", at_ms, LAPTOP, EDGE, (40000, 443), block, "tls:http2")
    found = find_fetches(shop.story()).resources
    assert [
        (f.url.rpartition("/")[2], f.asked is not None, f.resource is not None) for f in found
    ] == [
        ("a.css", True, True),
        ("lost.js", False, True),
        ("unheard.png", True, False),
    ]


def test_what_the_clients_file_does_not_show_is_found_at_the_edge() -> None:
    shop = Shop(replace(VISIT, resources=(resource("/a.css", 50),)))
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    block = http2(*asks2("/a.css"), streams=(3,))
    shop.tcp("edge", 55, LAPTOP, EDGE, (40000, 443), block, "tls:http2")
    (fetch,) = find_fetches(shop.story()).resources
    assert places(fetch)[:2] == ["", "edge"]
    assert fetch.connection is not None


def test_the_document_is_found_by_what_the_browser_sent_not_by_what_was_typed() -> None:
    visit = replace(VISIT, url="https://www.example.com/a/..?q=a b")
    shop = Shop(replace(visit, resources=(resource("/a.css", 50),)))
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    for at_ms, path, stream in ((20, "/?q=a%20b", 1), (50, "/a.css", 3)):
        block = http2(*asks2(path), streams=(stream,))
        shop.tcp("laptop", at_ms, LAPTOP, EDGE, (40000, 443), block, "tls:http2")
        shop.tcp("edge", at_ms + 6, LAPTOP, EDGE, (40000, 443), block, "tls:http2")
    found = find_fetches(shop.story())
    assert [places(fetch)[:2] for fetch in found.documents] == [["laptop", "edge"]]
    assert len(found.resources) == len(shop.visit.resources)


def test_two_files_of_one_url_are_two_requests_or_one_and_the_browsers_own_cache() -> None:
    shop = cached(replace(VISIT, resources=(resource("/a.css", 50),) * 3))
    for at_ms, stream in ((50, 3), (60, 5)):
        block = http2(*asks2("/a.css"), streams=(stream,))
        shop.tcp("laptop", at_ms, LAPTOP, EDGE, (40000, 443), block, "tls:http2")
    found = find_fetches(shop.story()).resources
    streams = [fetch.asked.request.stream[1] if fetch.asked else None for fetch in found]
    assert streams == [3, 5, None]


def test_a_visitors_own_healthz_is_read_and_a_health_check_is_not_taken_for_it() -> None:
    shop = Shop(replace(VISIT, url="https://www.example.com/healthz"))
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    block = http2(*asks2("/healthz", ("user-agent", "Chromium")))
    for node, at_ms in (("laptop", 20), ("edge", 26)):
        shop.tcp(node, at_ms, LAPTOP, EDGE, (40000, 443), block, "tls:http2")
    check = {key: value for key, value in asks1("/healthz").items() if key != "http.request.line"}
    shop.tcp("shop-lb", 30, BALANCER, APP, (51009, 8080), check, "http", identity=5)
    found = find_fetches(shop.story())
    assert [places(fetch)[:2] for fetch in found.documents] == [["laptop", "edge"]]
    assert find_fetches(direct_healthz().story()).documents[0].backend is not None


def direct_healthz() -> Shop:
    """A visitor's /healthz at a site without an edge, while the balancer checks its server."""
    shop = Shop(replace(VISIT, url="https://direct.example.com/healthz"))
    shop.opens(0, "shop-lb", LAPTOP, ORIGIN6, (40000, 443))
    block = http2(*asks2("/healthz", ("user-agent", "curl"), host="direct.example.com"))
    for node, at_ms in (("laptop", 20), ("shop-lb", 26)):
        shop.tcp(node, at_ms, LAPTOP, ORIGIN6, (40000, 443), block, "tls:http2")
    for at_ms, port, headers in ((27, 51000, {}), (28, 51001, {"User_Agent": "curl"})):
        fields = asks1("/healthz", **headers)
        shop.tcp("shop-lb", at_ms, BALANCER, APP, (port, 8080), fields, "http", identity=port)
    answer = http2((":status", "200"), size=9)
    shop.tcp("shop-lb", 32, ORIGIN6, LAPTOP, (443, 40000), answer, "tls:http2")
    return shop


def updated_behind(logged_upstream: str = "") -> Shop:
    """A stale page, served at once, while the edge gets a new copy."""
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(26.2, "STALE")
    shop.edge_asks_origin()
    shop.edge_logs(26.3, "STALE", upstream=logged_upstream)
    return shop


def test_an_update_behind_a_stale_page_is_told_apart_from_a_wait() -> None:
    (fetch,) = find_fetches(updated_behind().story()).documents
    assert places(fetch)[2:4] == ["edge", "shop-lb"]
    assert fetch.is_update
    (failed,) = find_fetches(updated_behind(logged_upstream=f"{EDGE}:80").story()).documents
    assert not failed.is_update
    (waited,) = find_fetches(missed().story()).documents
    assert not waited.is_update
