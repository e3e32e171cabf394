"""Events as sentences and as JSON objects."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.events.names import counted, listed, names_of
from orchestrator.events.words import as_object, lines_of
from orchestrator.records.study import NetworkEvent
from tests.unit.events.test_bird_log import PLAN

NAMES = names_of(PLAN)
BIRD = {"protocol": "bird", "table": 254, "metric": 32, "kind": "unicast"}
TOP = PLAN.nodes["top"].interfaces[0]


def event(
    kind: str, action: str, subject: str, node: str = "core", /, **detail: Any
) -> NetworkEvent:
    return NetworkEvent(1_795_262_400_123_456_789, node, kind, action, subject, detail)


def route(action: str, prefix: str, via: str = "", node: str = "core") -> NetworkEvent:
    hops = [[via, "eth0"]] if via else []
    return event("route", action, prefix, node, via=hops, **BIRD)


def said(*events: NetworkEvent) -> list[tuple[str, str]]:
    return [(line.node, line.text) for line in lines_of(NAMES, events)]


def test_prefixes_are_told_by_how_it_ended_for_them() -> None:
    via = str(TOP.link_local)
    moved = [route("del", "198.18.8.0/22"), route("add", "198.18.8.0/22", via)]
    assert said(*moved, route("del", "198.18.12.0/22")) == [
        ("core", "1 prefix now via top: 198.18.8.0/22"),
        ("core", "1 prefix gone: 198.18.12.0/22"),
    ]


def test_many_prefixes_are_counted() -> None:
    gone = [route("del", f"198.18.{n}.0/24") for n in range(14)]
    assert said(*gone) == [("core", "14 prefixes gone: 198.18.0.0/24, 198.18.1.0/24 and 12 more")]


def test_routes_of_the_kernel_are_left_to_the_links_they_follow() -> None:
    own = {**BIRD, "protocol": "kernel"}
    assert said(event("route", "del", "fe80::/64", via=[["", "eth0"]], **own)) == []


def test_each_node_has_its_own_sentence() -> None:
    told = said(route("del", "198.18.8.0/22"), route("del", "198.18.8.0/22", node="far"))
    assert [node for node, _ in told] == ["core", "far"]


def test_a_link_is_named_with_its_other_end() -> None:
    (port,) = [i for (node, i), far in NAMES.far_ends.items() if (node, far) == ("core", "far")]
    assert said(event("link", "down", port)) == [("core", f"link {port} to far is down")]


def test_an_address_that_went_and_is_there_again_is_not_told() -> None:
    detail = {"interface": "eth0", "prefix_length": 31}
    gone, back = (event("address", action, "198.18.1.1", **detail) for action in ("del", "add"))
    assert said(gone, back) == []
    assert said(back) == [("core", "has address 198.18.1.1 at eth0")]


def test_nodes_that_end_together_are_one_sentence() -> None:
    ended = [event("node", "die", node, node, exit_code=137) for node in ("core", "far")]
    assert said(*ended) == [("", "2 nodes end: core, far")]
    assert said(ended[0]) == [("", "core ends with exit code 137")]


def test_faults_health_caches_and_the_lab_have_words() -> None:
    fault = event("fault", "healed", "core--far", "", id=3, fault="link-blackhole", options={})
    assert said(fault) == [("", "fault 3, link-blackhole core--far, is healed")]
    assert said(event("health", "ill", "core", reason="1 of 4 sessions down")) == [
        ("core", "is ill: 1 of 4 sessions down")
    ]
    assert said(event("cache", "miss", "/", "edge", status=200)) == [("edge", "MISS (200): /")]
    assert said(event("lab", "down", "pair", "")) == [("", "lab pair is down")]
    assert "lost" in said(event("monitor", "overrun", "", ""))[0][1]


def test_an_object_has_the_time_twice_and_is_json() -> None:
    plain = json.loads(json.dumps(as_object(route("del", "198.18.8.0/22"))))
    assert plain["time"] == "2026-11-21T12:00:00.123456Z"
    assert plain["time_ns"] == 1_795_262_400_123_456_789
    assert plain["detail"]["protocol"] == "bird"


def test_lists_are_cut_only_where_that_saves_something() -> None:
    assert listed("abcd", most=3) == "a, b, c, d"
    assert listed("abcdea", most=3) == "a, b, c and 2 more"
    assert (counted(1, "prefix", "prefixes"), counted(2, "node")) == ("1 prefix", "2 nodes")
