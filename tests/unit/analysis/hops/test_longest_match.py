from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from orchestrator.analysis.hops.forwarding import longest_match, planned_ways, reason_of
from orchestrator.records.testimony import ForwardingEntry
from orchestrator.routes.bgp import control_plane
from orchestrator.shipped import shipped_topologies
from tests.unit.analysis.builders import minimal_plan
from tests.unit.compile.texts import compiled


def entry(prefix: str, metric: int = 0) -> ForwardingEntry:
    return ForwardingEntry(ip_network(prefix), "unicast", "bird", (), metric)


DEFAULT, WIDE, NARROW = entry("0.0.0.0/0"), entry("198.18.0.0/16"), entry("198.18.5.0/24")
WORSE, OTHER = entry("198.18.5.0/24", metric=32), entry("::/0")
FIB = (OTHER, DEFAULT, WORSE, WIDE, NARROW)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("198.18.5.9", NARROW),
        ("198.18.6.9", WIDE),
        ("192.0.2.1", DEFAULT),
        ("2001:db8::1", OTHER),
    ],
)
def test_the_longest_prefix_wins_and_then_the_lowest_metric(
    target: str, expected: ForwardingEntry
) -> None:
    assert longest_match(FIB, ip_address(target)) == expected


def test_without_a_match_there_is_none() -> None:
    assert longest_match((WIDE,), ip_address("192.0.2.1")) is None


def test_bgp_gives_a_reason_at_routers_for_what_is_announced() -> None:
    control = control_plane(minimal_plan())
    router, prefix = next(
        (name, prefix)
        for prefix, origins in control.announced.items()
        for name in control.routers
        if name not in origins
    )
    assert "learned from a" in reason_of(control, router, prefix, [])
    assert reason_of(control, router, ip_network("192.0.2.0/24"), []) == ""
    assert reason_of(control, "laptop", prefix, []) == ""


def test_bgps_reason_is_told_of_the_way_that_was_taken_only() -> None:
    """Seen under a hijack and a leak: "learned from a peer; the only way that BGP knows"."""
    plan = compiled((shipped_topologies() / "internet.yaml").read_text(encoding="utf-8"))
    control, prefix = control_plane(plan), ip_network("2001:db8:8002::/48")
    reason = reason_of(control, "alder-core", prefix, [64530])
    assert reason.startswith("AS path 64530, learned from a peer; the plan's next best, told by")
    assert reason_of(control, "alder-core", prefix, []) == reason
    assert reason_of(control, "alder-core", prefix, [64510, 64530]) == ""


def test_no_way_is_planned_from_a_switch() -> None:
    """There a packet is seen first whose sender's capture is missing: exit 3, KeyError."""
    plan, edge = minimal_plan(), minimal_plan().nodes["edge"].served[0]
    (way,) = planned_ways(plan, "laptop", edge)
    assert (way[0], way[-1]) == ("laptop", "edge")
    assert planned_ways(plan, "home-lan", edge) == []
