"""Who is tried first, when the other family gets its turn, and who wins."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import ACK, RST, SYN, TCP
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps.racing import TELLER
from tests.unit.analysis.builders import Recording
from tests.unit.analysis.dns_frames import answer, ask

NAME = "www.example.com"
CLIENT, GATEWAY = ("laptop", "192.168.1.100"), ("home-gw", "192.168.1.1")
FOUR, SIX = "198.18.5.9", "3fff:1:4000::9"
MINE = {FOUR: "192.168.1.100", SIX: "3fff:0:c000:0:4c:ff:fe06:0"}


def known(run: Recording, *kinds: str) -> None:
    values = {"A": FOUR, "AAAA": SIX}
    for number, kind in enumerate(kinds):
        ask(run, 0.0, CLIENT, GATEWAY, NAME, kind, identifier=f"0x{number}")
        records = ((NAME, kind, 60, values[kind]),)
        answer(run, 2.0, GATEWAY, CLIENT, NAME, kind, answers=records, identifier=f"0x{number}")


def syn(run: Recording, at_ms: float, to: str, port: int) -> None:
    run.saw("laptop", at_ms, source=MINE[to], target=to, ports=(port, 443), protocol=TCP, flags=SYN)


def back(run: Recording, at_ms: float, to: str, port: int, flags: int) -> None:
    ends = {"source": to, "target": MINE[to], "ports": (443, port)}
    run.saw("laptop", at_ms, out=False, protocol=TCP, flags=flags, **ends)


def told(run: Recording) -> list[Step]:
    return list(TELLER.tell(run.story()))


def test_the_first_family_is_enough_when_it_answers() -> None:
    run = Recording()
    known(run, "AAAA", "A")
    syn(run, 10.0, SIX, 50001)
    back(run, 20.0, SIX, 50001, SYN | ACK)
    (step,) = told(run)
    assert step.title == "IPv6 is tried first, and is enough"
    assert "10.0 ms" in step.told
    assert step.details["won"] == SIX


def test_the_other_family_that_is_tried_later_is_not_told_as_never_tried() -> None:
    run = Recording()
    known(run, "AAAA", "A")
    syn(run, 10.0, SIX, 50001)
    back(run, 290.0, SIX, 50001, SYN | ACK)
    syn(run, 310.0, FOUR, 50002)
    (step,) = told(run)
    assert step.title == "IPv6 is tried first, and answers first"
    assert "not tried" not in step.told
    assert f"IPv4 is tried 300 ms after the first SYN, for another connection: {FOUR}." in step.told
    assert f"a SYN to {FOUR}" in [proof.says for proof in step.proofs]


def test_the_second_family_wins_when_the_first_is_silent() -> None:
    run = Recording()
    known(run, "AAAA", "A")
    syn(run, 10.0, SIX, 50001)
    syn(run, 310.0, FOUR, 50002)
    back(run, 320.0, FOUR, 50002, SYN | ACK)
    syn(run, 400.0, FOUR, 50003)
    (step,) = told(run)
    assert step.title == f"IPv4 wins the race to {NAME}"
    assert step.details["first"] == "IPv6"
    assert step.details["won"] == FOUR
    assert step.details["second_after_ms"] == 300.0
    assert step.duration_ms == 310.0
    # What is opened after somebody has won is no part of the race.
    assert all(proof.number != 8 for proof in step.proofs if "tcp" in proof.shows)


def test_nobody_wins_when_all_refuse_or_are_silent() -> None:
    run = Recording()
    known(run, "AAAA", "A")
    syn(run, 10.0, SIX, 50001)
    back(run, 12.0, SIX, 50001, RST | ACK)
    syn(run, 13.0, FOUR, 50002)
    (step,) = told(run)
    assert step.title == f"No address of {NAME} lets anybody connect"
    assert f"{SIX} refuses (RST)." in step.told
    assert f"{FOUR} does not answer any of 1 SYNs." in step.told
    assert "as that was refused" in step.told


def test_one_family_alone_is_no_race() -> None:
    run = Recording()
    known(run, "A")
    syn(run, 10.0, FOUR, 50001)
    back(run, 20.0, FOUR, 50001, SYN | ACK)
    assert told(run) == []
