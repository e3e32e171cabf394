"""Links of a running lab: their delays as planned, impaired and cut by `lab link`."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orchestrator.plan.codec import plan_from_plain
from orchestrator.routes.forwarding import ForwardingPlane, round_trip_ms
from orchestrator.runtime.polling import wait_for
from tests.e2e.birds import bgp_states
from tests.e2e.conftest import RunningLab

URL = "https://www.example.com/"
TRANSIT = "alder-core,tundra-fra"
# Less than any link's delay, and more than all the hops of a path add to it.
_SHORT_MS = 1.5


def round_trip_is(lab: RunningLab, source: str, target: str, expected_ms: float) -> bool:
    """Whether no round trip is shorter, and one is as short: what a busy machine adds is not the
    links', so that it is asked until one is."""

    def quickest_ms() -> float:
        shown = lab.exec(source, "ping", "-n", "-i", "0.05", "-c", "10", target)
        return min(float(text) for text in re.findall(r"time=([\d.]+)", shown))

    seen: list[float] = []

    def is_as_short() -> bool:
        seen.append(quickest_ms())
        return seen[-1] <= expected_ms + _SHORT_MS

    return bool(wait_for(is_as_short, within_s=60)) and min(seen) >= expected_ms - _SHORT_MS


@pytest.mark.parametrize("source", ["laptop", "tablet"])
@pytest.mark.parametrize("target", ["edge-fra", "edge-nyc", "shop-lb", "root-a1", "ns2"])
def test_round_trips_are_as_planned(internet: RunningLab, source: str, target: str) -> None:
    plan = plan_from_plain(internet.plan())
    address = plan.nodes[target].address
    expected = round_trip_ms(ForwardingPlane(plan), source, address)
    assert round_trip_is(internet, source, str(address), expected)


def test_near_and_far_differ_as_they_should(internet: RunningLab) -> None:
    """The edge around the corner against the same shop straight from another continent."""
    internet.visit(URL, "--client", "curl")
    near = internet.visit(URL, "--client", "curl").record["timings_ms"]["load"]
    far = internet.visit("https://direct.example.com/", "--client", "curl")
    assert max(2 * near, 250) < far.record["timings_ms"]["load"]


def link(lab: RunningLab, *arguments: str, code: int = 0) -> str:
    return lab.cli.run("link", "--name", lab.name, *arguments, code=code)


@contextmanager
def restored(lab: RunningLab, name: str) -> Iterator[None]:
    try:
        yield
    finally:
        link(lab, "reset", name)
        assert wait_for(lambda: is_healthy(lab), within_s=120)


def is_healthy(lab: RunningLab) -> bool:
    return lab.cli.try_run("status", "--name", lab.name).returncode == 0


def test_a_delay_is_added_live_to_one_direction(internet: RunningLab) -> None:
    name = "alder-bng,oak-street-gw"
    assert round_trip_is(internet, "laptop", "198.18.9.2", 4)
    with restored(internet, name):
        link(internet, "set", name, "delay=32ms", "--from", "alder-bng")
        assert round_trip_is(internet, "laptop", "198.18.9.2", 34)
        link(internet, "set", name, "rate=2Mbit/s")
        shown = json.loads(link(internet, "show", name, "--json"))
        assert (shown["ab"]["delay_ms"], shown["ba"]["delay_ms"]) == (32, 2)
        assert {shown[direction]["rate_bps"] for direction in ("ab", "ba")} == {2_000_000}


def test_a_plain_link_is_impaired_live(internet: RunningLab) -> None:
    """It may have to be made anew for that; addresses by DHCP must still be there after."""
    name = "laptop,oak-street-lan"
    with restored(internet, name):
        link(internet, "set", name, "delay=10ms")
        assert round_trip_is(internet, "laptop", "192.168.1.1", 20)
        assert internet.visit(URL, "--client", "curl").record["status"] == 200


def transit_ports(lab: RunningLab) -> list[tuple[str, str]]:
    ends = plan_from_plain(lab.plan()).links[TRANSIT.replace(",", "--")]
    return [(end.node, end.interface) for end in (ends.a, ends.b)]


def test_a_pulled_cable_is_seen_at_both_ends_at_once(internet: RunningLab) -> None:
    with restored(internet, TRANSIT):
        link(internet, "down", TRANSIT)
        assert bgp_states(internet, "alder-core")["to_tundra_fra"] != "Established"
        assert bgp_states(internet, "tundra-fra")["to_alder_core"] != "Established"
        for node, port in transit_ports(internet):
            assert "NO-CARRIER" in internet.exec(node, "ip", "link", "show", port)


def test_a_blackhole_leaves_the_carrier(internet: RunningLab) -> None:
    """The interfaces notice nothing; BFD does, and packets take the other transit."""
    target = str(plan_from_plain(internet.plan()).nodes["shop-lb"].address)
    with restored(internet, TRANSIT):
        link(internet, "blackhole", TRANSIT)
        for node, port in transit_ports(internet):
            assert "NO-CARRIER" not in internet.exec(node, "ip", "link", "show", port)
        assert wait_for(
            lambda: bgp_states(internet, "alder-core")["to_tundra_fra"] != "Established", 30
        )
        assert "2 received" in internet.exec("laptop", "ping", "-c", "2", "-W", "2", target)


def test_a_blackhole_of_a_plain_link_goes_one_way(internet: RunningLab) -> None:
    name = "shop-lb,stratus-dal"
    with restored(internet, name):
        link(internet, "blackhole", name, "--from", "shop-lb")
        run = internet.visit(
            "https://direct.example.com/", "--client", "curl", "--timeout", "3", code=1
        )
        assert run.record["error"] == "timeout"
        arrived = run.packets("shop-lb", "tcp.flags.syn == 1 and tcp.dstport == 443", "ip.src")
        assert arrived
        assert not run.packets("stratus-dal", "tcp.srcport == 443", "ip.src")


def test_a_lan_port_can_be_cut(internet: RunningLab) -> None:
    with restored(internet, "phone,oak-street-lan"):
        link(internet, "down", "phone,oak-street-lan")
        assert "NO-CARRIER" in internet.exec("phone", "ip", "link", "show", "eth0")


def test_a_flapping_link_ends_up(internet: RunningLab) -> None:
    with restored(internet, TRANSIT):
        printed = link(internet, "flap", TRANSIT, "--every", "500ms", "--for", "1s")
        assert re.fullmatch(r"down [1-9] times\n", printed)
        for node, port in transit_ports(internet):
            assert has_carrier(internet, node, port)


def wire_of(lab: RunningLab) -> dict[str, int]:
    record = json.loads((lab.cli.state / lab.name / "state.json").read_text())
    process: dict[str, int] = record["wire"]
    return process


def test_links_come_back_when_wire_dies(internet: RunningLab) -> None:
    """Only where the kernel has no netem is there a wire; the plain link is handed to it first."""
    with restored(internet, "laptop,oak-street-lan"):
        link(internet, "set", "laptop,oak-street-lan", "delay=5ms", "nth=100000")
        before = wire_of(internet)
        os.kill(before["pid"], signal.SIGKILL)
        assert wait_for(lambda: wire_of(internet) != before, within_s=120)
        assert wait_for(lambda: has_carrier(internet, "laptop", "eth0"), within_s=30, every_s=0.05)
        status = json.loads(link_status(internet))
        assert status["wire"]["restarts"] >= 1
        assert round_trip_is(internet, "laptop", "192.168.1.1", 10)


def has_carrier(lab: RunningLab, node: str, port: str) -> bool:
    return "NO-CARRIER" not in lab.exec(node, "ip", "link", "show", port)


def link_status(lab: RunningLab) -> str:
    return lab.cli.try_run("status", "--name", lab.name, "--json").stdout


def test_a_restarted_node_gets_its_impaired_links_back(internet: RunningLab) -> None:
    name = "alder-bng,oak-street-gw"
    with restored(internet, name):
        link(internet, "set", name, "delay=12ms")
        internet.restart("oak-street-gw")
        assert wait_for(lambda: is_healthy(internet), within_s=120)
        assert round_trip_is(internet, "laptop", "198.18.9.2", 24)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("set", "alder-core--tundra-fr", "delay=1ms"), "did you mean 'alder-core--tundra-fra'?"),
        (("set", TRANSIT, "dleay=1ms"), "did you mean 'delay'?"),
        (("set", TRANSIT, "delay=1"), "'1' has no unit"),
        (("set", TRANSIT, "delay=1m"), "unknown unit 'm'"),
        (("set", TRANSIT, "delay=-1ms"), "cannot be negative"),
        (("set", TRANSIT, "delay=2min"), "unknown unit"),
        (("set", TRANSIT, "delay=100s"), "too long a time for a link"),
        (("set", TRANSIT, "loss=101%"), "more than all"),
        (("set", TRANSIT, "loss=1%", "nth=10"), "contradict"),
        (("set", TRANSIT, "rate=1kbit/s"), "over a second for one frame"),
        (("set", TRANSIT, "jitter=5ms", "delay=1ms"), "before sending"),
        (("set", TRANSIT, "queue=10B"), "holds no whole frame"),
        (("set", TRANSIT, "delay=1ms", "--from", "laptop"), "is not an end of"),
        (("flap", TRANSIT, "--every", "1ms"), "a flap every"),
    ],
)
def test_what_cannot_be_is_refused(
    internet: RunningLab, arguments: tuple[str, ...], complaint: str
) -> None:
    done = internet.cli.try_run("link", "--name", internet.name, *arguments)
    assert done.returncode == 2, done.stderr
    assert complaint in done.stderr


def test_what_was_refused_was_not_done(internet: RunningLab) -> None:
    """Right after all that was refused: the link is as its plan has it."""
    shown = json.loads(link(internet, "show", TRANSIT, "--json"))
    planned = internet.plan()["links"]["alder-core--tundra-fra"]
    assert {way: shown.get(way) for way in ("ab", "ba")} == {
        way: planned.get(way) for way in ("ab", "ba")
    }


def test_frames_in_captures_are_real(internet: RunningLab) -> None:
    """No longer than an MTU and its Ethernet header, on every interface of the way."""
    run = internet.visited(URL, "--cold=all")
    for node in ("laptop", "alder-bng", "edge-fra", "shop-lb", "shop-web1"):
        longest = max(int(row[0]) for row in run.packets(node, "frame", "frame.len"))
        assert longest <= 1514, node
