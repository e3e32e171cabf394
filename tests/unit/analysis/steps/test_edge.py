"""What the edge's cache had."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import edge
from orchestrator.analysis.story import Story
from orchestrator.plan.model import AnycastService
from tests.unit.analysis.builders import VISIT, at
from tests.unit.analysis.shopping import (
    EDGE,
    ID,
    LAPTOP,
    ORIGIN,
    OTHER_ID,
    Shop,
    answers1,
    asks1,
    cached,
    locked,
    logged_only,
    missed,
)


def steps(story: Story) -> list[Step]:
    return list(edge.TELLER.tell(story))


def test_a_hit_is_answered_by_the_edge_itself_and_saves_the_way_to_the_origin() -> None:
    (step,) = steps(cached().story())
    assert step.told == (
        "edge has a fresh copy of / in its cache (HIT) and answers by itself, within 0.2 ms."
    )
    assert "the way to the origin shop-lb and back" in step.saved
    assert step.nodes == ("edge",)
    assert (step.start_ns, step.end_ns) == (at(26), at(26.2))


def test_a_miss_asks_the_origin_over_a_new_connection() -> None:
    (step,) = steps(missed().story())
    assert "has no copy of / in its cache (MISS)" in step.told
    assert "asks the origin shop-lb over HTTP/1.1" in step.told
    assert "on a new connection, whose handshake took 33.9 ms" in step.told
    assert "the answer begins 38.9 ms after the request" in step.told
    assert step.nodes == ("edge", "shop-lb")
    assert step.saved == ""
    syn, answer = (p for p in step.proofs if "tcp.flags.syn" in p.shows)
    assert (syn.number, answer.number) == (3, 4)


def test_a_kept_connection_saves_a_handshake() -> None:
    (step,) = steps(missed(new=False).story())
    assert "on a connection kept from an earlier request" in step.told
    assert step.saved == "a TCP handshake with the origin"
    assert step.details["new_connection"] is False
    assert not [p for p in step.proofs if "tcp.flags.syn" in p.shows]


def test_a_connection_opened_for_an_earlier_request_of_the_visit_is_a_kept_one() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.tcp("edge", 1, "198.18.5.9", "198.18.5.7", (50000, 80), flags=2, payload=b"")
    shop.tcp("edge", 2, "198.18.5.7", "198.18.5.9", (80, 50000), flags=18, payload=b"")
    shop.tcp("edge", 3, "198.18.5.9", "198.18.5.7", (50000, 80), asks1("/before"), "http")
    shop.browser_asks()
    shop.edge_asks_origin(new=False)
    shop.edge_answers(99.2, "MISS")
    (step,) = steps(shop.story())
    assert step.details["new_connection"] is False


def test_header_log_and_request_id_prove_the_verdict() -> None:
    (step,) = steps(missed().story())
    shown = [(p.file, p.shows) for p in step.proofs]
    assert shown[0] == (
        "edge.pcapng",
        'http2.header.name == "x-cache" && http2.header.value == "MISS"',
    )
    assert (
        "laptop.pcapng",
        'http2.header.name == "x-edge" && http2.header.value == "edge"',
    ) in shown
    assert ("edge.pcapng", f'http.request.line contains "X-Request-Id: {ID}"') in shown
    (log,) = (p for p in step.proofs if p.file == "logs/edge.log")
    assert '"cache":"MISS"' in log.shows


@pytest.mark.parametrize(
    ("verdict", "says"),
    [("STALE", "old copy"), ("UPDATING", "for an earlier request"), ("EXPIRED", "too old")],
)
def test_other_verdicts_are_said_in_words(verdict: str, says: str) -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(26.2, verdict)
    (step,) = steps(shop.story())
    assert says in step.told
    assert bool(step.saved) == (verdict != "EXPIRED")


def test_a_stale_copy_is_answered_with_before_the_origin_gives_a_new_one() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(26.2, "STALE")
    shop.edge_asks_origin()
    (step,) = steps(shop.story())
    assert "answers with it (STALE), within 0.2 ms." in step.told
    assert "For a new copy, which this answer does not wait for, it asks the origin" in step.told
    (waited,) = steps(missed().story())
    assert "does not wait" not in waited.told


@pytest.mark.parametrize("captured", [True, False])
def test_a_hit_that_waited_for_anothers_miss_is_told_as_that(captured: bool) -> None:
    (step,) = steps(locked(captured=captured).story())
    assert "is fetching it for another request already (cache lock)" in step.told
    assert f"waits {73 if captured else 74}.0 ms until the other's is there" in step.told
    assert "by itself" not in step.told
    assert step.saved == "a request to the origin, not the wait for its answer"
    where = "edge.pcapng" if captured else "logs/edge.log"
    (shown,) = (p for p in step.proofs if "other request" in p.says)
    assert shown.file == where


def test_without_keys_the_log_tells_of_the_lock() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.tcp("laptop", 20, LAPTOP, EDGE, (40000, 443), {}, "tls")
    miss = {"id": OTHER_ID, "upstream": f"{ORIGIN}:80", "client": f"{LAPTOP}:40007"}
    shop.edge_logs(100, "MISS", **miss, total_s="0.085")
    shop.edge_logs(226, "HIT", total_s="0.200")
    (step,) = steps(shop.story())
    assert "waits 74.0 ms until the other's is there" in step.told


def test_a_copy_that_was_there_before_the_request_is_a_hit_by_itself() -> None:
    shop = cached()
    shop.edge_logs(26.35, "MISS", id=OTHER_ID, upstream=f"{ORIGIN}:80", total_s="0.085")
    (step,) = steps(shop.story())
    assert "answers by itself, within 0.2 ms" in step.told


def test_no_verdict_with_an_upstream_is_the_origins_answer() -> None:
    """Seen: "answers 404 by itself: its configuration says so" of an answer of the origin's."""
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_asks_origin()
    shop.edge_answers(99.2, "", status=404)
    shop.edge_logs(99.4, "", status=404, upstream=f"{ORIGIN}:80", upstream_s="0.073")
    (step,) = steps(shop.story())
    assert "by itself" not in f"{step.title} {step.told}"
    assert "passes / on, and its cache has no part in it. It asks the origin shop-lb" in step.told
    assert step.nodes == ("edge", "shop-lb")


def test_an_old_copy_in_the_place_of_an_error_saves_no_way_to_the_origin() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(2026.2, "STALE")
    shop.edge_logs(2026.3, "STALE", upstream=f"{ORIGIN}:80", upstream_s="2.000", total_s="2.000")
    (step,) = steps(shop.story())
    assert "since shop-lb gave no good answer, within 2000.2 ms" in step.told
    assert step.saved == ""


def test_an_origin_that_cannot_be_reached_is_said_to_give_no_answer() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(2026.2, "MISS", status=504)
    shop.edge_logs(2026.3, "MISS", upstream=f"{ORIGIN}:80", upstream_s="2.000", total_s="2.000")
    (step,) = steps(shop.story())
    assert "shop-lb gives none within 2.000 s: its answer is 504." in step.told


def test_an_edge_that_asked_again_says_so() -> None:
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_asks_in_vain()
    shop.edge_asks_origin()
    shop.edge_answers(99.2, "MISS")
    (step,) = steps(shop.story())
    assert (
        "It asks in vain: no answer comes. 34.0 ms later it asks the origin shop-lb over"
        in step.told
    )
    assert "no answer was seen" not in step.told
    assert "the request that is not answered" in [p.says for p in step.proofs]


def test_an_edge_that_has_not_answered_is_not_said_to_have() -> None:
    """Seen: "answers 0 by itself: its configuration says so", of a visit whose time was up."""
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    (step,) = steps(shop.story())
    assert step.title == "edge does not answer"
    told = "edge has the request for /, and has not answered it when the visit ends."
    assert step.told == told
    shop.edge_asks_in_vain()
    (step,) = steps(shop.story())
    assert step.told == (
        f"{told} It asks the origin shop-lb over HTTP/1.1, on a connection kept from an earlier "
        "request, and no answer was seen."
    )


def test_a_client_that_left_is_not_an_answer() -> None:
    gone = Shop()
    gone.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    gone.browser_asks()
    gone.edge_logs(99, "MISS", status=499, upstream=f"{ORIGIN}:80", upstream_s="0.070")
    (step,) = steps(gone.story())
    assert "its answer is 499" not in step.told
    assert "gives none within 0.070 s: the client does not wait any longer." in step.told


def test_for_an_update_behind_a_stale_page_nobody_waits_a_round_trip() -> None:
    shop = cached(cache="STALE")
    shop.edge_asks_origin()
    (step,) = steps(shop.story())
    assert edge.TELLER.round_trips(step) == 0
    (waited,) = steps(missed().story())
    assert edge.TELLER.round_trips(waited) == 2


def test_a_redirection_is_none_of_the_caches_business() -> None:
    shop = Shop(replace(VISIT, url="http://www.example.com/"))
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 80))
    shop.tcp("edge", 16, LAPTOP, EDGE, (40000, 80), asks1(), "http")
    shop.tcp("edge", 17, EDGE, LAPTOP, (80, 40000), answers1(301), "http")
    (step,) = steps(shop.story())
    assert step.title == "edge answers by itself"
    assert "301" in step.told
    assert [p.shows for p in step.proofs] == ["http.response.code == 301"]


def test_without_keys_the_verdict_is_that_of_the_log() -> None:
    (step,) = steps(logged_only().story())
    assert step.title == "edge: MISS"
    assert "on a new connection" in step.told
    assert step.proofs[0].file == "logs/edge.log"


def test_the_plan_says_which_of_several_edges_it_should_be() -> None:
    shop = cached()
    service = AnycastService("cdn", 64502, (), (ip_address(EDGE),), ("edge",))
    shop.plan = replace(shop.plan, anycast={"cdn": service})
    (step,) = steps(shop.story())
    assert step.expected.startswith("edge")
    assert step.as_expected is True
    (alone,) = steps(cached().story())
    assert (alone.expected, alone.as_expected) == ("", None)


def test_a_site_without_an_edge_has_no_step() -> None:
    shop = Shop()
    shop.opens(0, "shop-lb", LAPTOP, "3fff:1:4000::7", (40000, 443))
    shop.tcp("shop-lb", 16, LAPTOP, "3fff:1:4000::7", (40000, 443), asks1(), "tls:http")
    assert steps(shop.story()) == []
