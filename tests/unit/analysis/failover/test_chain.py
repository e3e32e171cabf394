"""How routers got over a fault: who noticed, withdrew, announced, and forwarded."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.analysis.failover.findings import ChainLink, FaultFinding
from orchestrator.analysis.failover.noticing import nodes_named
from orchestrator.analysis.failover.trial import analyse_trial
from orchestrator.records.study import NetworkEvent, Trial
from orchestrator.records.testimony import LogLine
from tests.unit.analysis.builders import at, minimal_plan
from tests.unit.analysis.failover.test_bgp_messages import attribute, message, update
from tests.unit.analysis.failover.test_control import Talk
from tests.unit.analysis.failover.trying import fault, row, trial

# What leads to the edge that is pinged, and what does not.
PREFIX = bytes((32, 0x3F, 0xFF, 0, 1))
OTHER = bytes((32, 0x3F, 0xFF, 0, 9))
PATH = attribute(2, bytes((2, 1)) + (64502).to_bytes(4, "big"))
# Cut off from 2 s to 2.6 s.
CUT = row("." * 20 + "x" * 6 + "." * 54)


def withdrawal(prefix: bytes = PREFIX) -> bytes:
    return message(2, update(attributes=attribute(15, b"\0\2\1" + prefix, 0x80)))


def announcement(prefix: bytes = PREFIX) -> bytes:
    reach = b"\0\2\1\x10" + bytes(17) + prefix
    return message(2, update(attributes=PATH + attribute(14, reach, 0x80)))


def route(
    at_ms: float, prefix: str = "3fff:1::/32", action: str = "replace", **detail: Any
) -> NetworkEvent:
    told = {"via": [["fe80::1", "eth0"]], "kind": "unicast", **detail}
    return NetworkEvent(at(at_ms), "isp", "route", action, prefix, told)


def judge(
    talk: Talk, tried: Trial, logs: dict[str, tuple[LogLine, ...]] | None = None
) -> FaultFinding:
    frames = {node: tuple(seen) for node, seen in talk.frames.items()}
    return analyse_trial(tried, talk.run.plan, frames, logs).faults[0]


def logged(*lines: tuple[float, str]) -> tuple[LogLine, ...]:
    """Read at once, and so no later than BIRD's own time allows."""

    def stamp(at_ms: float) -> str:
        written = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at(at_ms) // 10**6)
        return written.replace(tzinfo=None).isoformat(" ", "milliseconds")

    return tuple(
        LogLine(number, at(at_ms), f"{stamp(at_ms)} <TRACE> {text}")
        for number, (at_ms, text) in enumerate(lines, start=1)
    )


def test_what_docker_read_late_was_written_when_bird_says() -> None:
    (line,) = logged((2310, "bfd1: Session to 3fff:0:8000:: expired"))
    late = dataclasses.replace(line, time_ns=line.time_ns + 3 * 10**9)
    found = judge(Talk(), trial(CUT, [fault()]), {"isp": (late,)})
    assert [round(link.ms) for link in found.chain if link.log] == [311]


def stages(links: tuple[ChainLink, ...]) -> list[tuple[str, float, str]]:
    return [(link.stage, round(link.ms, 1), link.node) for link in links]


def converge() -> Talk:
    talk = Talk()
    talk.bfd("isp", 2310, 1, 1)
    talk.bfd("cloud", 2330, 1, 1)
    talk.bgp("isp", 2340, withdrawal(OTHER), seq=1)
    talk.bgp("isp", 2350, withdrawal(), seq=1 + len(withdrawal(OTHER)))
    talk.bgp("cloud", 2400, announcement(), seq=1)
    return talk


def test_the_chain_from_detection_to_the_first_good_question() -> None:
    events = [route(2410), route(2420, "3fff:9::/32"), route(2430), route(2470), route(7000)]
    found = judge(converge(), trial(CUT, [fault()], events))
    assert stages(found.chain) == [
        ("injected", 10.0, ""),
        ("detected", 310.0, "isp"),
        ("detected", 330.0, "cloud"),
        ("withdrawn", 350.0, "isp"),
        ("best path", 400.0, "cloud"),
        ("fib", 410.0, "isp"),
        ("fib", 470.0, "isp"),
        ("restored", 610.0, "laptop"),
    ]
    assert [link.told for link in found.chain][1:] == [
        "isp notices with BFD that cloud is silent (diagnostic 1, Control Detection Time Expired)",
        "cloud notices with BFD that isp is silent (diagnostic 1, Control Detection Time Expired)",
        "isp withdraws 3fff:1::/32 from cloud",
        "cloud announces 3fff:1::/32 by AS 64502 to isp",
        "isp's kernel sends 3fff:1::/32 to cloud from now on",
        "isp's kernel sends 3fff:1::/32 to cloud from now on",
        "ping is answered again: question 26 is the first good one, "
        "600 ms after the first that failed",
    ]


def test_links_are_proved_by_a_frame_of_the_sender_or_by_an_event() -> None:
    talk = converge()
    found = judge(talk, trial(CUT, [fault()], [route(100), route(2410)]))
    frames = [link.frame for link in found.chain if link.stage != "fib"]
    assert frames == [None, ("isp", 1), ("cloud", 2), ("isp", 4), ("cloud", 5), None]
    assert [link.event for link in found.chain if link.stage == "fib"] == [1]


def test_a_stage_without_a_trace_is_left_out() -> None:
    found = judge(Talk(), trial(row("." * 80), [fault()]))
    assert stages(found.chain) == [("injected", 10.0, "")]
    assert stages(found.mended) == [("injected", 10.0, "")]


def test_without_bfd_the_hold_timer_notices() -> None:
    talk = Talk()
    talk.bgp("isp", 4000, message(3, b"\4\0"), seq=1)
    chain = judge(talk, trial(CUT, [fault()])).chain
    (link,) = [link for link in chain if link.stage == "detected"]
    assert link.told == "isp ends its BGP session with cloud: hold timer expired"
    assert link.ms == 2000.0


def test_what_no_capture_shows_is_in_the_logs() -> None:
    lines = logged(
        (100, "bfd1: Session to 198.18.2.0 expired"),
        (2310, "bfd1: Session to 3fff:0:8000:: expired"),
        (2310, "bfd1: Session to 3fff:0:8000:: changed state from Up to Down"),
        (2311, "to_cloud_v6: State changed to stop"),
        (5100, "bfd1: Session to 3fff:0:8000:: changed state from Down to Init"),
    )
    other = logged((2350, "bfd1: Session to 3fff:0:8000::1 changed state from Up to Down"))
    found = judge(Talk(), trial(CUT, [fault()]), {"isp": lines, "cloud": other})
    assert [(link.told, link.log) for link in found.chain if link.log] == [
        ("isp notices with BFD that cloud is silent", ("isp", 2)),
        ("isp tells cloud by BFD that it hears nothing", ("cloud", 1)),
    ]
    assert [(link.told, link.log) for link in found.mended if link.log] == [
        ("isp hears cloud again, says BFD", ("isp", 5))
    ]


def test_the_logs_tell_of_hold_timers_at_both_ends() -> None:
    lines = logged((4000, "to_cloud_v6: Error: Hold timer expired"))
    other = logged((4010, "to_isp_v6: Received: Hold timer expired"), (1, "x: Error: y"))
    found = judge(Talk(), trial(CUT, [fault()]), {"isp": lines, "cloud": other})
    assert [link.told for link in found.chain if link.stage == "detected"] == [
        "isp ends its BGP session with cloud: hold timer expired",
        "isp ends its BGP session with cloud: hold timer expired",
    ]


def test_a_carrier_that_is_lost_is_noticed_by_the_kernel() -> None:
    events = [NetworkEvent(at(2005), "isp", "link", "down", "eth0", {"carrier": False})]
    chain = judge(Talk(), trial(CUT, [fault()], events)).chain
    assert stages(chain)[0] == ("detected", 5.0, "isp")
    assert (chain[0].told, chain[0].event) == ("isp's link to cloud (eth0) loses its carrier", 0)


def test_what_others_notice_at_the_same_time_has_no_part() -> None:
    events = [NetworkEvent(at(2005), "cloud", "link", "down", "eth5")]
    assert "detected" not in {
        link.stage for link in judge(Talk(), trial(CUT, [fault()], events)).chain
    }
    edge = judge(Talk(), trial(CUT, [fault("edge", name="node-stopped")], events)).chain
    assert [link.told for link in edge if link.stage == "detected"] == [
        "cloud's link to edge (eth5) loses its carrier"
    ]


def test_what_follows_after_questions_are_answered_again_is_not_told() -> None:
    talk = converge()
    talk.bgp("cloud", 3000, withdrawal(), seq=500)
    chain = judge(talk, trial(CUT, [fault()], [route(3000)])).chain
    assert [link.node for link in chain if link.stage == "withdrawn"] == ["isp"]
    assert "fib" not in {link.stage for link in chain}


def test_after_the_healing_times_count_from_it() -> None:
    talk = converge()
    talk.bfd("isp", 5100, 3, 0)
    talk.bgp("cloud", 5200, message(1), seq=700, flags=0)
    found = judge(talk, trial(CUT, [fault()], [route(5300, action="del")]))
    assert stages(found.mended) == [
        ("injected", 10.0, ""),
        ("detected", 100.0, "isp"),
        ("detected", 200.0, "cloud"),
        ("fib", 300.0, "isp"),
    ]
    assert [link.told for link in found.mended] == [
        "link-blackhole of cloud--isp is healed",
        "isp hears cloud again, says BFD",
        "cloud opens a BGP session with isp",
        "isp's kernel forgets its route to 3fff:1::/32",
    ]


def test_an_outage_that_only_the_healing_ended_is_restored_by_it() -> None:
    samples = row("." * 20 + "x" * 35 + "." * 25)
    found = judge(Talk(), trial(samples, [fault()]))
    assert "restored" not in {link.stage for link in found.chain}
    assert stages(found.mended)[-1] == ("restored", 510.0, "laptop")


def test_the_most_specific_route_counts_and_where_it_leads_nowhere_that_is_said() -> None:
    events = [route(2410, "::/0"), route(2420, kind="unreachable", via=[])]
    chain = judge(Talk(), trial(CUT, [fault()], events)).chain
    assert [link.told for link in chain if link.stage == "fib"] == [
        "isp's kernel has 3fff:1::/32 as unreachable from now on"
    ]


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("cloud--isp", {"cloud", "isp"}),
        ("edge", {"edge"}),
        ("isp,home-gw|cloud", {"isp", "home-gw", "cloud"}),
        ("shop-lan", {"shop-lan"}),
        ("www.example.com", set()),
    ],
)
def test_nodes_are_known_from_what_a_fault_names(target: str, named: set[str]) -> None:
    assert nodes_named(minimal_plan(), target) == named
