"""Records of a message, put together from tshark's lists, and queries matched with answers."""

from __future__ import annotations

from orchestrator.analysis.names.lookups import Questions, group
from orchestrator.analysis.names.messages import read_message
from orchestrator.analysis.packets.frames import ICMP
from tests.unit.analysis.builders import Recording
from tests.unit.analysis.dns_frames import answer, ask

NAME = "www.example.com"
CLIENT, GATEWAY = ("laptop", "192.168.1.100"), ("home-gw", "192.168.1.1")


def test_each_record_gets_its_section_ttl_and_value() -> None:
    run = Recording()
    answer(
        run,
        1.0,
        GATEWAY,
        CLIENT,
        NAME,
        "A",
        answers=(
            (NAME, "CNAME", 30, "f.example.com"),
            ("f.example.com", "A", 60, "192.0.2.4"),
        ),
        authority=(("example.com", "NS", 90, "ns.example.com"),),
        additional=(("ns.example.com", "A", 99, "192.0.2.8"),),
    )
    message = read_message(next(run.story().dissected("laptop")))
    assert [(r.section, r.type, r.ttl, r.value) for r in message.records] == [
        ("answer", "CNAME", 30, "f.example.com"),
        ("answer", "A", 60, "192.0.2.4"),
        ("authority", "NS", 90, "ns.example.com"),
        ("additional", "A", 99, "192.0.2.8"),
    ]
    assert message.is_response
    assert not message.is_referral


def test_a_message_quoted_by_an_icmp_error_is_none() -> None:
    run = Recording()
    fields = {"dns.id": "0x1", "dns.flags": "0x0100", "dns.qry.name": NAME, "dns.qry.type": "1"}
    run.saw("laptop", 1.0, fields, layers="ip:icmp:ip:udp:dns", protocol=ICMP)
    assert Questions(run.story()).at("laptop") == ()


def test_an_answer_needs_the_same_ends_identifier_and_question() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A", identifier="0x0001")
    answer(run, 1.0, GATEWAY, CLIENT, NAME, "A", identifier="0x0002")
    answer(run, 2.0, GATEWAY, CLIENT, NAME, "AAAA", identifier="0x0001")
    (exchange,) = Questions(run.story()).by("laptop")
    assert exchange.answer is None


def test_a_name_that_is_asked_for_again_later_is_another_lookup() -> None:
    run = Recording()
    for start, identifier in ((0.0, "0x1"), (1.5, "0x2"), (30.0, "0x3")):
        kind = "AAAA" if identifier == "0x2" else "A"
        ask(run, start, CLIENT, GATEWAY, NAME, kind, identifier=identifier)
        answer(run, start + 0.1, GATEWAY, CLIENT, NAME, kind, identifier=identifier)
    found = group(Questions(run.story()).by("laptop"))
    assert [lookup.types for lookup in found] == [("A", "AAAA"), ("A",)]


def test_a_late_question_of_another_type_is_another_lookup() -> None:
    run = Recording()
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A", identifier="0x1")
    answer(run, 0.1, GATEWAY, CLIENT, NAME, "A", identifier="0x1")
    ask(run, 500.0, CLIENT, GATEWAY, NAME, "AAAA", identifier="0x2")
    assert len(group(Questions(run.story()).by("laptop"))) == 2
