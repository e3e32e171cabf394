"""Sessions out of what BIRD 2.17 writes."""

from __future__ import annotations

import pytest

from orchestrator.events.names import names_of
from orchestrator.events.sessions import BirdLog, say_sessions
from orchestrator.records.study import NetworkEvent
from orchestrator.records.testimony import LogLine
from tests.unit.compile.texts import compiled

PLAN = compiled("""
name: pair
as:
  isp: {asn: 64501, routers: [core, far], providers: [top]}
  top: {asn: 64502}
""")
NAMES = names_of(PLAN)
NOON_NS = 1_795_262_400_000_000_000
DAY = "2026-11-21 12:00:00."


def read(*written: str, node: str = "core") -> list[NetworkEvent]:
    log = BirdLog(PLAN.nodes[node], NAMES)
    lines = (LogLine(n, NOON_NS + 900_000_000, text) for n, text in enumerate(written))
    return [event for line in lines for event in log.read(line)]


def trace(milliseconds: int, said: str, level: str = "TRACE") -> str:
    return f"{DAY}{milliseconds:03} <{level}> {said}"


def states(*said: str) -> tuple[str, ...]:
    return tuple(trace(1, f"to_top: State changed to {state}") for state in said)


def test_a_session_goes_down_once_in_all_its_steps() -> None:
    (event,) = read(*states("stop", "flush", "down"), trace(1, "to_top: Starting"))
    assert (event.kind, event.action, event.subject) == ("session", "down", "top")
    assert event.detail == {"protocol": "BGP", "name": "to_top", "family": 4}


def test_a_session_that_comes_back_is_up() -> None:
    again = (trace(2, "to_top: Starting"), *states("start", "up"))
    assert [event.action for event in read(*states("stop", "down"), *again)] == ["down", "up"]


def test_what_a_bird_begins_with_did_not_go_down() -> None:
    assert read(trace(1, "to_top: Starting"), *states("start")) == []


def test_the_reason_that_bird_gives_just_before_is_kept() -> None:
    reason = trace(1, "to_top: Received: Administrative shutdown", "RMT")
    (event,) = read(reason, *states("stop"))
    assert event.detail["reason"] == "Received: Administrative shutdown"


@pytest.mark.parametrize(
    ("said", "action", "protocol"),
    [
        ("bfd1: Session to {top} changed state from Up to Down", "down", "BFD"),
        ("bfd1: Session to {top} changed state from Init to Up", "up", "BFD"),
        (
            "interior6: Neighbor 198.18.4.2 on {port} changed state from Full to Down",
            "down",
            "OSPF",
        ),
        (
            "interior4: Neighbor 198.18.4.2 on {port} changed state from Loading to Full",
            "up",
            "OSPF",
        ),
    ],
)
def test_bfd_and_ospf_name_the_neighbour(said: str, action: str, protocol: str) -> None:
    top = next(str(entry.ip) for port in PLAN.nodes["top"].interfaces for entry in port.addresses)
    port = next(i for (node, i), far in NAMES.far_ends.items() if (node, far) == ("core", "far"))
    (event,) = read(trace(1, said.format(top=top, port=port)))
    assert (event.action, event.detail["protocol"]) == (action, protocol)
    assert event.subject == ("top" if protocol == "BFD" else "far")


@pytest.mark.parametrize(
    "said",
    [
        "bfd1: Session to 198.18.0.1 changed state from Down to Init",
        "interior4: Neighbor 198.18.4.2 on eth0 changed state from Init to 2-Way",
        "device1: State changed to up",
        "kernel4: State changed to down",
    ],
)
def test_steps_on_the_way_and_what_is_no_session_are_not_told(said: str) -> None:
    assert read(trace(1, said)) == []


def test_the_time_is_birds_unless_that_cannot_be() -> None:
    (own,) = read(*states("stop"))
    assert own.time_ns == NOON_NS + 1_999_999  # somewhere within that millisecond
    (wrong,) = read("2026-11-20 12:00:00.001 <TRACE> to_top: State changed to stop")
    assert wrong.time_ns == NOON_NS + 900_000_000


def test_both_families_are_one_sentence() -> None:
    six = trace(2, "to_top_v6: State changed to stop")
    (sentence,) = say_sessions(NAMES, "core", read(*states("stop"), six))
    assert sentence == "BGP with top (IPv4, IPv6) is down"
