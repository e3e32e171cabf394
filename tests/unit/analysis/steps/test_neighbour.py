"""ARP and Neighbor Discovery: a question and its answer, none, and none needed."""

from __future__ import annotations

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps.neighbour import TELLER
from tests.unit.analysis.builders import Recording

LAPTOP, GATEWAY = "02:4c:00:06:00:00", "02:4c:00:04:00:01"
ALL = "ff:ff:ff:ff:ff:ff"


def who_has(run: Recording, at_ms: float, about: str, to: str = ALL) -> None:
    fields = {"arp.opcode": "1", "arp.dst.proto_ipv4": about, "eth.dst": to}
    run.saw("laptop", at_ms, fields, layers="arp")


def is_at(run: Recording, at_ms: float, about: str, mac: str) -> None:
    fields = {"arp.opcode": "2", "arp.src.proto_ipv4": about, "arp.src.hw_mac": mac}
    run.saw("laptop", at_ms, {**fields, "eth.dst": LAPTOP}, layers="arp", out=False)


def packet(run: Recording, at_ms: float, mac: str = GATEWAY) -> None:
    data = bytes.fromhex((mac + LAPTOP).replace(":", ""))
    run.saw("laptop", at_ms, source="192.168.1.100", target="192.168.1.1", data=data)


def told(run: Recording) -> list[Step]:
    return list(TELLER.tell(run.story()))


def test_arp_finds_the_gateway_as_planned() -> None:
    run = Recording()
    who_has(run, 1.0, "192.168.1.1")
    is_at(run, 1.5, "192.168.1.1", GATEWAY)
    packet(run, 2.0)
    (step,) = told(run)
    assert step.title == "laptop learns the MAC address of home-gw (192.168.1.1)"
    assert step.nodes == ("laptop", "home-gw")
    assert step.duration_ms == 0.5
    assert step.as_expected
    assert step.expected == f"192.168.1.1 is at {GATEWAY}"
    assert step.proofs[1].shows.endswith(f"arp.src.hw_mac == {GATEWAY}")


def test_an_answer_by_somebody_else_is_not_as_expected() -> None:
    run = Recording()
    who_has(run, 1.0, "192.168.1.1")
    is_at(run, 1.5, "192.168.1.1", "02:00:00:00:00:66")
    assert told(run)[0].as_expected is False


def test_a_question_that_is_repeated_and_one_without_answer() -> None:
    run = Recording()
    who_has(run, 1.0, "192.168.1.1")
    who_has(run, 1001.0, "192.168.1.1")
    (step,) = told(run)
    assert step.title == "Nobody tells laptop who has 192.168.1.1"
    assert "ask 2 times" in step.told
    assert len(step.proofs) == 2


def test_neighbor_discovery_finds_a_link_local_address() -> None:
    run = Recording()
    about = "fe80::4c:ff:fe04:1"
    fields = {"icmpv6.type": "135", "icmpv6.nd.ns.target_address": about}
    run.saw("laptop", 1.0, {**fields, "eth.dst": "33:33:ff:04:00:01"}, layers="ipv6:icmpv6")
    fields = {"icmpv6.type": "136", "icmpv6.nd.na.target_address": about, "eth.src": GATEWAY}
    run.saw("laptop", 1.5, {**fields, "eth.dst": LAPTOP}, layers="ipv6:icmpv6", out=False)
    (step,) = told(run)
    assert step.nodes == ("laptop", "home-gw")
    assert step.as_expected
    assert "multicast group" in step.told


def test_a_neighbour_that_is_known_saves_the_question() -> None:
    run = Recording()
    packet(run, 2.0)
    (step,) = told(run)
    assert step.saved == "a question by ARP"
    assert step.as_expected
    assert step.proofs[0].shows == f"eth.dst == {GATEWAY} && ip"


def test_nothing_is_said_to_be_saved_where_the_question_came_later() -> None:
    run = Recording()
    packet(run, 0.5)
    who_has(run, 1.0, "192.168.1.1")
    is_at(run, 1.5, "192.168.1.1", GATEWAY)
    assert [step.saved for step in told(run)] == [""]


def test_a_check_goes_to_the_neighbour_alone() -> None:
    run = Recording()
    who_has(run, 1.0, "192.168.1.1", to=GATEWAY)
    is_at(run, 1.5, "192.168.1.1", GATEWAY)
    (step,) = told(run)
    assert step.title == "laptop checks that home-gw is still there (192.168.1.1)"
