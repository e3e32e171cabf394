"""What way a question took, there and back."""

from __future__ import annotations

from ipaddress import ip_address

from orchestrator.analysis.failover.choice import choose_questions
from orchestrator.analysis.failover.paths import Way, find_ways
from orchestrator.analysis.packets.frames import ACK, SYN, Frame
from orchestrator.records.study import ProbeRun, Sample, Trial
from orchestrator.spec.probing import FailureKind
from tests.unit.analysis.builders import Recording, at
from tests.unit.analysis.failover.trying import trial
from tests.unit.analysis.flying import fly

CALL = ProbeRun("call", "tcp", "laptop", "www.example.com", 100.0, 500.0)
LAPTOP, OUTSIDE, EDGE = (ip_address(a) for a in ("192.168.1.100", "198.18.1.3", "198.18.5.9"))
THERE = ("laptop", "home-lan", "home-gw", "isp", "cloud", "edge")


def ask(failure: FailureKind | None = None) -> Trial:
    took_ms = None if failure else 20.0
    ends = (str(LAPTOP), 40000, str(EDGE), 443)
    asked = Sample("call", 0, at(0), at(0), took_ms, failure, "", *ends)
    return trial([asked], probes=[CALL])


def way_of(run: Recording, frames: list[Frame], asked: Trial) -> Way | None:
    by_node: dict[str, list[Frame]] = {}
    for frame in frames:
        by_node.setdefault(frame.node, []).append(frame)
    ways = find_ways(choose_questions(asked), by_node, run.plan)
    return ways.get(("call", "before"))


def question(run: Recording, at_ms: float = 1, identity: int = 5) -> list[Frame]:
    ports = (40000, 443)
    return fly(run, "laptop", LAPTOP, EDGE, at_ms=at_ms, flags=SYN, identity=identity, ports=ports)


def answer(run: Recording) -> list[Frame]:
    """From the edge to the gateway's address, and on to the laptop."""
    ports = (443, 40000)
    out = fly(run, "edge", EDGE, OUTSIDE, at_ms=10, flags=SYN | ACK, identity=6, ports=ports)
    inside = [
        run.saw(
            node,
            13 + place,
            out=place % 2 == 0,
            interface=port,
            source=str(EDGE),
            target=str(LAPTOP),
            ports=ports,
            protocol=6,
            flags=SYN | ACK,
            identity=6,
        )
        for place, (node, port) in enumerate(
            (("home-gw", "lan"), ("home-lan", "port0"), ("home-lan", "port1"), ("laptop", "eth0"))
        )
    ]
    return out + inside


def test_the_way_there_and_back_through_nat() -> None:
    run = Recording()
    way = way_of(run, question(run) + answer(run), ask())
    assert way is not None
    assert way.there == THERE
    assert way.nodes == (*THERE, "cloud", "isp", "home-gw", "home-lan", "laptop")
    assert way.asker == OUTSIDE


def test_without_an_answer_there_is_a_way_as_far_as_it_got() -> None:
    run = Recording()
    frames = [frame for frame in question(run) if frame.node not in ("cloud", "edge")]
    way = way_of(run, frames, ask("lost"))
    assert way is not None
    assert way.nodes == THERE[:4]


def test_what_arrived_is_told_before_what_was_lost() -> None:
    run = Recording()
    lost = [frame for frame in question(run, at_ms=1, identity=4) if frame.node == "laptop"]
    way = way_of(run, lost + question(run, at_ms=5), ask())
    assert way is not None
    assert way.nodes == THERE


def test_neither_the_question_before_nor_its_last_ack_is_taken_for_it() -> None:
    run = Recording()
    for ports, flags in (((39999, 443), SYN), ((40000, 443), ACK)):
        before = fly(run, "laptop", LAPTOP, EDGE, at_ms=0, flags=flags, identity=3, ports=ports)
        assert way_of(run, before, ask()) is None


def test_other_packets_have_no_part_in_it() -> None:
    run = Recording()
    assert way_of(run, question(run, at_ms=700), ask()) is None
    assert way_of(run, [], ask()) is None
