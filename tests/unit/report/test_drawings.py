from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from orchestrator.report.atlas import draw_atlas
from orchestrator.report.map import draw_map
from orchestrator.report.packets import choose_packets, hex_lines
from orchestrator.report.sequence import draw_sequence
from orchestrator.report.waterfall import draw_waterfall
from tests.unit.analysis.builders import Recording, minimal_plan
from tests.unit.report.samples import har, nothing, step, trace, whole, with_steps

PLAN = minimal_plan()


def test_every_node_stands_in_its_network_and_its_city() -> None:
    atlas = draw_atlas(PLAN, "laptop", ())
    placed = [n for area in atlas.areas for names in area.cells.values() for n in names]
    assert sorted(placed) == sorted(PLAN.nodes)
    for area in atlas.areas:
        for city, names in area.cells.items():
            assert {PLAN.nodes[name].place for name in names} == {city}
    assert [area.about for area in atlas.areas] == ["the home", "Internet provider", "CDN"]
    assert atlas.areas[0].cells == {"Frankfurt": ("home-gw", "laptop")}


def test_what_hangs_on_a_lan_is_joined_to_its_router() -> None:
    atlas = draw_atlas(PLAN, "laptop", ())
    assert ("home-gw", "laptop") in atlas.links
    assert ("home-gw", "isp") in atlas.links or ("isp", "home-gw") in atlas.links


def test_the_client_is_where_the_columns_begin() -> None:
    assert draw_atlas(PLAN, "laptop", ()).cities == ("Frankfurt", "Amsterdam")


def test_of_a_large_lab_only_what_had_a_part_is_drawn() -> None:
    atlas = draw_atlas(PLAN, "laptop", ("isp",), most=3)
    assert [area.about for area in atlas.areas] == ["the home", "Internet provider"]


def test_boxes_do_not_overlap_and_are_inside() -> None:
    drawn = draw_map(whole().journey, PLAN)
    for a, b in itertools.combinations(drawn.boxes, 2):
        beside = a.x + a.width <= b.x or b.x + b.width <= a.x
        assert beside or abs(a.y - b.y) >= 20, (a.name, b.name)
    for box in drawn.boxes:
        assert 0 <= box.x <= box.x + box.width <= drawn.width
        assert 0 <= box.y <= box.y + 20 <= drawn.height


def test_the_way_is_that_of_the_packet_and_the_way_back_is_another() -> None:
    ways = {way.kind: way for way in draw_map(whole().journey, PLAN).ways}
    assert ways["forward"].nodes == ("laptop", "home-lan", "home-gw")
    assert ways["back"].nodes == ("home-gw", "laptop")
    # The LAN's switch is not drawn, so there is one curve between the two nodes that are.
    assert len(ways["forward"].curves) == 1


def test_the_same_way_back_is_not_drawn_again() -> None:
    there = trace().forward
    same = replace(trace(), back=there[::-1])
    journey = replace(whole().journey, traces={"syn": same})
    assert [way.kind for way in draw_map(journey, PLAN).ways] == ["forward"]


def test_those_with_a_part_are_drawn_strong() -> None:
    journey = with_steps(step("dns_query", 1, 2, "isp-resolver", "root"))
    strong = {box.name for box in draw_map(journey, PLAN).boxes if box.involved}
    assert strong == {"laptop", "isp-resolver", "root"}


def test_an_answer_comes_when_it_came() -> None:
    steps = (
        step("dns_cache", 1, 9, "laptop", "home-gw"),
        step("dns_query", 2, 8, "isp-resolver", "root"),
    )
    arrows = draw_sequence(with_steps(*steps), PLAN).arrows
    assert [(a.number, a.answer) for a in arrows] == [(1, False), (2, False), (2, True), (1, True)]
    assert [a.y for a in arrows] == sorted(a.y for a in arrows)
    assert (arrows[0].start, arrows[0].end) == (arrows[3].end, arrows[3].start)


def test_who_passes_on_is_no_participant() -> None:
    steps = (
        step("crossing", 1, 2, "isp", "cloud"),
        step("neighbour", 2, 3, "home-gw", "isp"),
        step("url", 0, 0, "laptop"),
        step("resource", 4, 5, "laptop", "edge"),
    )
    drawn = draw_sequence(with_steps(*steps), PLAN)
    assert [lane.name for lane in drawn.lanes] == ["laptop"]
    assert [(arrow.number, arrow.alone) for arrow in drawn.arrows] == [(3, True)]


def test_a_bar_is_split_by_what_was_waited_for() -> None:
    drawn = draw_waterfall(whole().journey, har())
    row = drawn.rows[0]
    # HAR has TLS within connect: 30 ms are 10 of TCP and 20 of TLS.
    phases = {"blocked": 4, "dns": 6, "connect": 10, "tls": 20, "wait": 50, "receive": 10}
    assert row.phases == phases
    assert [bar.start_ms for bar in row.bars] == pytest.approx([1, 5, 11, 21, 41, 91], abs=0.01)
    assert drawn.rows[1].name == "shop.css"
    assert drawn.span_ms == 1000.0
    assert drawn.ticks_ms == tuple(range(0, 1001, 100))


def test_the_critical_path_is_above_the_same_scale() -> None:
    drawn = draw_waterfall(whole().journey, {})
    assert [(bar.start_ms, bar.duration_ms) for _, bar in drawn.critical] == [(0, 400), (400, 600)]
    assert drawn.rows == ()
    assert dict(drawn.marks) == {"first paint": 450.0, "load": 1000.0}


def test_frames_are_chosen_without_traces() -> None:
    recording = Recording()
    recording.saw("laptop", 1, source="192.168.1.2", target="192.168.1.1", ports=(4000, 53),
                  protocol=17, data=bytes(60))  # fmt: skip
    recording.saw("laptop", 2, source="192.168.1.2", target="192.168.1.1", ports=(4000, 443),
                  protocol=6, flags=2, data=bytes(74))  # fmt: skip
    found = choose_packets(nothing().journey, recording.story().evidence)
    assert [(p.name, p.number, p.wire.length) for p in found] == [
        ("dns-query", 1, 60),
        ("syn", 2, 74),
    ]
    widths = [shape.width for shape in found[0].shapes]
    assert sum(widths) < 900
    assert all(width > 60 for width in widths)


def test_what_is_encrypted_is_named_where_there_are_keys() -> None:
    recording = Recording()
    layers = "ethertype:ip:tcp:tls:http2:http2"
    recording.saw("laptop", 1, layers=layers, protocol=6, payload=b"\x16", data=bytes(90))
    (hello,) = choose_packets(nothing().journey, recording.story().evidence)
    assert (hello.name, hello.inside) == ("client-hello", "HTTP/2")


def test_long_content_is_cut_off_in_hex() -> None:
    assert hex_lines(b"\x01\x02") == ("01 02",)
    lines = hex_lines(bytes(1000))
    assert len(lines) == 13
    assert lines[-1] == "… and 808 bytes more"
