from __future__ import annotations

import time

from orchestrator.analysis.hops.tracks import Tracks
from orchestrator.analysis.packets.frames import ICMPV6, UDP, Frame
from tests.unit.analysis.tracing import (
    BEYOND,
    GATEWAY,
    HOME,
    LAPTOP,
    Way,
    Wires,
    edge,
    turned,
    two_plan,
    wan,
)

PORT = 40000
# A frame to all goes to the phone too.
TO_PHONE: Way = (("home-lan", "port2", True), ("phone", "eth0", False))


def out() -> tuple[tuple[str, int], tuple[str, int]]:
    return (LAPTOP, PORT), (edge(), 443)


def translated() -> tuple[tuple[str, int], tuple[str, int]]:
    return (wan(), 61000), (edge(), 443)


def places(frames: tuple[Frame, ...]) -> list[str]:
    return [frame.endpoint for frame in frames]


def named(*ways: Way) -> list[str]:
    return [f"{node}:{interface}" for way in ways for node, interface, _ in way]


def test_a_packet_is_followed_through_nat_to_its_end() -> None:
    wires = Wires()
    inside = wires.send(HOME, out(), 7, 0)
    outside = wires.send(BEYOND, translated(), 7, 10)
    tracks = wires.tracks()
    track = tracks.of(inside[0])
    assert places(track.sightings) == named(HOME, BEYOND)
    assert track.arrived
    assert track.lost == ""
    assert tracks.of(outside[-1]) == track
    assert list(tracks) == [track]


def test_the_way_back_through_nat_changes_the_target() -> None:
    wires = Wires()
    source, target = translated()
    there = wires.send(turned(BEYOND), (target, source), 8, 0)
    wires.send(turned(HOME), (out()[1], out()[0]), 8, 10)
    track = wires.tracks().of(there[0])
    assert places(track.sightings) == named(turned(BEYOND), turned(HOME))
    assert track.arrived


def test_a_packet_lost_on_a_link_says_between_what() -> None:
    wires = Wires()
    sent = wires.send(HOME, out(), 7, 0)
    wires.send(BEYOND[:1], translated(), 7, 10)
    track = wires.tracks().of(sent[0])
    assert track.lost == "between home-gw:wan and isp:eth2"
    assert not track.arrived


def test_a_packet_that_a_router_does_not_send_on_is_lost_there() -> None:
    wires = Wires()
    wires.send(BEYOND[:2], translated(), 7, 10)
    (track,) = wires.tracks()
    assert track.lost == "at isp: it came in at eth2 and did not leave"


def test_a_packet_for_the_router_itself_has_arrived() -> None:
    wires = Wires()
    address = str(two_plan().nodes["isp"].loopbacks[0])
    wires.send(BEYOND[:2], ((wan(), 1), (address, 2)), 7, 10)
    (track,) = wires.tracks()
    assert track.arrived


def test_what_may_be_on_its_way_when_the_capture_ends_is_not_called_lost() -> None:
    wires = Wires()
    wires.send(BEYOND[:1], translated(), 7, 9_950)
    (track,) = wires.tracks()
    assert (track.lost, track.arrived) == ("", False)


def test_what_would_lie_after_the_end_of_a_cut_file_is_not_called_lost() -> None:
    wires = Wires()
    sent = wires.send(HOME, out(), 7, 0)
    wires.send(BEYOND[:1], translated(), 7, 10)
    frames = wires.story().evidence.frames
    ended = Tracks(frames, two_plan(), {"isp": sent[0].time_ns})
    assert (ended.of(sent[0]).lost, ended.of(sent[0]).arrived) == ("", False)
    assert ended.hidden_at(ended.of(sent[0]).last) == "isp"
    later = Tracks(frames, two_plan(), {"isp": sent[0].time_ns + 10**9})
    assert later.of(sent[0]).lost == "between home-gw:wan and isp:eth2"
    assert later.hidden_at(later.of(sent[0]).last) == ""


def test_a_router_whose_file_was_cut_may_have_sent_a_packet_on() -> None:
    wires = Wires()
    seen = wires.send(BEYOND[:2], translated(), 7, 10)
    frames = wires.story().evidence.frames
    tracks = Tracks(frames, two_plan(), {"isp": seen[-1].time_ns})
    assert tracks.of(seen[0]).lost == ""


def test_a_switch_that_floods_a_frame_is_followed_to_who_took_it() -> None:
    wires = Wires()
    sent = wires.send(HOME, out(), 7, 0)
    data = sent[0].captured.data
    for place, (node, interface, outbound) in enumerate(TO_PHONE):
        # Before the copy for the gateway leaves.
        headers = {"protocol": 6, "identity": 7, "data": data}
        ends = {"source": LAPTOP, "target": edge(), "ports": (PORT, 443)}
        wires.saw(node, 0.9 + place / 100, interface=interface, out=outbound, **ends, **headers)
    outside = wires.send(BEYOND, translated(), 7, 10)
    tracks = wires.tracks()
    assert places(tracks.of(sent[0]).sightings) == named(HOME, BEYOND)
    assert tracks.of(outside[0]) == tracks.of(sent[1])
    assert [places(track.sightings) for track in tracks] == [named(HOME, BEYOND)]
    phone = next(f for f in wires.story().frames_of("phone"))
    assert places(tracks.of(phone).sightings) == named(HOME[:2], TO_PHONE)


def test_equal_packets_are_told_apart_by_time_when_the_first_was_lost() -> None:
    wires = Wires()
    ends = ((wan(), 5000), (edge(), 53))
    first = wires.send(BEYOND[:1], ends, 9, 0, protocol=UDP)
    second = wires.send(BEYOND, ends, 9, 1_000, protocol=UDP)
    tracks = wires.tracks()
    assert tracks.of(first[0]).lost == "between home-gw:wan and isp:eth2"
    assert tracks.of(second[0]).sightings == tuple(second)


def test_equal_packets_close_after_each_other_both_arrive() -> None:
    wires = Wires()
    sent = [wires.send(HOME, out(), 7, at_ms) for at_ms in (0, 0.7)]
    tracks = wires.tracks()
    assert [tracks.of(frames[0]).sightings for frames in sent] == [tuple(f) for f in sent]


def test_one_question_to_two_servers_at_once_is_two_packets() -> None:
    wires = Wires()
    servers = edge(), str(two_plan().nodes["shop-lb"].address)
    to = [
        wires.send(BEYOND[:4], ((wan(), 5000), (server, 53)), 9, at_ms, protocol=UDP)
        for server, at_ms in zip(servers, (0, 0.1), strict=True)
    ]
    tracks = wires.tracks()
    assert [tracks.of(frames[0]).sightings for frames in to] == [tuple(f) for f in to]


def test_what_a_gateway_asks_for_itself_is_no_translation() -> None:
    wires = Wires()
    asked = wires.send(HOME, ((LAPTOP, PORT), (GATEWAY, 53)), 9, 0, protocol=UDP)
    asks = wires.send(BEYOND, ((wan(), 5000), (edge(), 53)), 9, 10, protocol=UDP)
    tracks = wires.tracks()
    assert tracks.of(asked[0]).sightings == tuple(asked)
    assert tracks.of(asked[0]).arrived
    assert tracks.of(asks[0]).sightings == tuple(asks)


def test_neighbours_talk_is_not_followed() -> None:
    wires = Wires()
    link = ((wan(), 49152), (edge(), 3784))
    bfd = wires.send(BEYOND[:2], link, 5, 0, protocol=UDP)
    wires.send(BEYOND[:2], ((wan(), 179), (edge(), 40000)), 6, 0)
    wires.send(BEYOND[:2], ((wan(), 0), (edge(), 0)), 7, 0, protocol=ICMPV6, ttl=255)
    tracks = wires.tracks()
    assert list(tracks) == []
    assert tracks.of(bfd[0]).sightings == (bfd[0],)


def test_without_frames_there_are_no_tracks() -> None:
    assert list(Tracks({}, two_plan())) == []


def test_equal_packets_cost_no_more_than_others() -> None:
    """The worst case: thousands are awaited at one place, since every other one was lost."""

    def seconds(packets: int, *, equal: bool) -> float:
        wires = Wires()
        for number in range(packets):
            way = BEYOND[: 1 + number % 2]
            wires.send(way, translated(), 7 if equal else number + 1, number)
        frames = {node: wires.story().frames_of(node) for node in ("home-gw", "isp")}
        start = time.process_time()
        Tracks(frames, two_plan())
        return time.process_time() - start

    different = min(seconds(2_000, equal=False) for _ in range(3))
    assert seconds(2_000, equal=True) < 10 * different
