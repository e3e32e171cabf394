"""Caches on the way: a hit, a miss, a name that is not there, and queries that got lost."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.packets.frames import UDP
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps.dns_cache import TELLER
from tests.unit.analysis.builders import VISIT, Recording
from tests.unit.analysis.dns_frames import Record, answer, ask

NAME = "www.example.com"
ADDRESS: Record = (NAME, "A", 60, "198.18.5.9")
CLIENT, GATEWAY = ("laptop", "192.168.1.100"), ("home-gw", "192.168.1.1")
OUTSIDE, RESOLVER = ("home-gw", "198.18.1.3"), ("isp-resolver", "198.18.1.1")


def told(run: Recording) -> list[Step]:
    return list(TELLER.tell(run.story()))


def test_a_gateway_that_remembers_answers_alone() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    line = run.logged("home-gw", 1.5, f"dnsmasq[7]: cached {NAME} is 198.18.5.9")
    answer(run, 2.0, GATEWAY, CLIENT, NAME, "A", answers=(ADDRESS,))
    (step,) = told(run)
    assert step.title == f"home-gw has {NAME} in its cache"
    assert step.saved
    assert step.as_expected
    assert step.details["cache"] == "hit"
    assert step.details["ttl_s"] == 60
    assert step.nodes == ("laptop", "home-gw")
    log = step.proofs[-1]
    assert (log.file, log.number) == ("logs/home-gw.log", line.number)
    assert log.shows == f"cached {NAME} is 198.18.5.9"


def test_a_gateway_that_does_not_know_asks_the_resolver() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    ask(run, 2.0, OUTSIDE, RESOLVER, NAME, "A", identifier="0x0002")
    answer(run, 9.0, RESOLVER, OUTSIDE, NAME, "A", answers=(ADDRESS,), identifier="0x0002")
    answer(run, 11.0, GATEWAY, CLIENT, NAME, "A", answers=(ADDRESS,))
    at_gateway, at_resolver = told(run)
    assert at_gateway.details["cache"] == "miss"
    assert not at_gateway.saved
    assert at_gateway.duration_ms == 12.0
    # The resolver asked nobody while the gateway waited.
    assert at_resolver.details["cache"] == "hit"
    assert at_resolver.saved
    assert at_resolver.nodes == ("home-gw", "isp-resolver")


def cut_short(run: Recording) -> None:
    """An answer that is too long for UDP."""
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    answer(run, 2.0, GATEWAY, CLIENT, NAME, "A", flags="0x8380")


def test_an_answer_that_is_cut_short_is_no_empty_one_and_is_asked_for_over_tcp() -> None:
    """Seen: TC=1 told as "no A record (an empty answer)"."""
    run = Recording()
    cut_short(run)
    ask(run, 5.0, CLIENT, GATEWAY, NAME, "A", identifier="0x0002", over_tcp=True)
    many: tuple[Record, ...] = (ADDRESS, (NAME, "A", 60, "192.0.2.1"))
    answer(
        *(run, 8.0, GATEWAY, CLIENT, NAME, "A"), answers=many, identifier="0x0002", over_tcp=True
    )
    (step,) = told(run)
    assert "empty" not in step.told
    assert "What came over UDP about A is cut short (TC=1)" in step.told
    assert "asked again over TCP (RFC 7766)" in step.told
    assert "A 198.18.5.9, A 192.0.2.1" in step.told
    assert "it asks again, once" not in step.told
    assert (step.duration_ms, step.as_expected) == (9.0, True)
    assert TELLER.round_trips(step) == 3
    assert [p.number for p in step.proofs if "truncated == 1" in p.shows] == [2]


def test_an_answer_that_stays_cut_short_is_told_as_that() -> None:
    run = Recording()
    cut_short(run)
    (step,) = told(run)
    assert "The answer, after 3.0 ms: too much about A for a datagram" in step.told
    assert "over TCP" not in step.told
    assert (step.expected, step.as_expected) == ("", None)
    assert TELLER.round_trips(step) == 1


def test_the_name_that_a_cname_leads_to_is_the_one_that_does_not_exist() -> None:
    """RFC 6604. Seen: "dangling.example.com does not exist", which is there."""
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    alias: Record = (NAME, "CNAME", 60, "nowhere.example.com")
    answer(run, 2.0, GATEWAY, CLIENT, NAME, "A", answers=(alias,), flags="0x8183")
    (step,) = told(run)
    assert step.title.startswith("nowhere.example.com does not exist, says home-gw")
    assert "there is no nowhere.example.com" in step.told


def test_what_a_server_did_is_not_guessed_where_its_capture_is_missing() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A", arrives=False)
    address = {"source": GATEWAY[1], "target": CLIENT[1], "ports": (53, 40000), "protocol": UDP}
    fields = {"dns.id": "0x0001", "dns.flags": "0x8180", "dns.qry.name": NAME, "dns.qry.type": "1"}
    run.saw("laptop", 2.0, fields, layers="udp:dns", out=False, **address)
    (step,) = told(run)
    assert step.title == f"home-gw answers about {NAME}"
    assert "cache" not in step.details
    assert not step.saved


def test_a_hit_is_not_read_from_a_capture_with_holes() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    answer(run, 2.0, GATEWAY, CLIENT, NAME, "A", answers=(ADDRESS,))
    (step,) = TELLER.tell(run.story(drops=3))
    assert "cache" not in step.details
    assert not step.saved


def test_an_answer_that_is_not_the_plans_is_not_as_expected() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    forged = (NAME, "A", 60, "203.0.113.1")
    answer(run, 2.0, GATEWAY, CLIENT, NAME, "A", answers=(forged,))
    (step,) = told(run)
    assert step.as_expected is False
    assert step.expected == "A 198.18.5.9"


def test_a_name_that_does_not_exist_is_said_plainly() -> None:
    run = Recording()
    soa = ("example.com", "SOA", 300, "ns.example.com")
    name = "nowhere.example.com"
    ask(run, 0.0, CLIENT, GATEWAY, name, "A")
    answer(run, 2.0, GATEWAY, CLIENT, name, "A", authority=(soa,), flags="0x8183")
    (step,) = told(run)
    assert step.title.startswith(f"{name} does not exist")
    assert "NXDOMAIN" in step.told
    assert "300 s" in step.told
    assert step.as_expected
    assert step.expected == "no such name"
    assert "dns.flags.rcode == 3" in step.proofs[1].shows


def test_a_lost_query_is_told_from_a_lost_answer() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    ask(run, 2.0, OUTSIDE, RESOLVER, NAME, "A", identifier="0x0002", arrives=False)
    ask(run, 1002.0, OUTSIDE, RESOLVER, NAME, "A", identifier="0x0003")
    answer(run, 1004.0, RESOLVER, OUTSIDE, NAME, "A", identifier="0x0003", arrives=False)
    _, step = told(run)
    assert step.title.startswith("isp-resolver does not answer")
    assert "The A query to 198.18.1.1 got lost on the way." in step.told
    assert "reached isp-resolver, but its answer got lost" in step.told


def test_a_query_sent_again_as_it_was_is_not_found_where_only_its_double_came() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A")
    ask(run, 2.0, OUTSIDE, RESOLVER, NAME, "A", identifier="0x0002", arrives=False)
    ask(run, 1002.0, OUTSIDE, RESOLVER, NAME, "A", identifier="0x0002")
    answer(run, 1004.0, RESOLVER, OUTSIDE, NAME, "A", answers=(ADDRESS,), identifier="0x0002")
    _, step = told(run)
    assert "got lost on the way" in step.told
    assert "its answer got lost" not in step.told


def test_two_types_that_are_asked_together_are_one_lookup_and_may_differ() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "AAAA")
    ask(run, 0.1, CLIENT, GATEWAY, NAME, "A", identifier="0x0009")
    ask(run, 1.2, OUTSIDE, RESOLVER, NAME, "A", identifier="0x0002")
    six = (NAME, "AAAA", 50, "3fff:1:4000::9")
    answer(run, 1.5, GATEWAY, CLIENT, NAME, "AAAA", answers=(six,))
    answer(run, 5.0, RESOLVER, OUTSIDE, NAME, "A", answers=(ADDRESS,), identifier="0x0002")
    answer(run, 7.0, GATEWAY, CLIENT, NAME, "A", answers=(ADDRESS,), identifier="0x0009")
    step = told(run)[0]
    assert "Its cache holds AAAA; for A it has to ask further." in step.told
    assert step.details["cache"] == "miss"
    assert step.details["ttl_s"] == 50


def test_an_address_in_the_url_needs_no_cache() -> None:
    assert not told(Recording(visit=replace(VISIT, url="https://198.18.5.9/")))
