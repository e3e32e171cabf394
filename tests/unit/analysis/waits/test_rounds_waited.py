from __future__ import annotations

from typing import Any

import pytest

from orchestrator.analysis.step import Step
from orchestrator.analysis.waits.rounds_waited import count_round_trips
from tests.unit.analysis.journeys import journey, step


def trips(*steps: Step, first_byte_ms: float | None = 500.0) -> dict[str, int]:
    return dict(count_round_trips(journey(*steps, first_byte_ms=first_byte_ms)).by_kind)


def tls(**details: Any) -> Step:
    return step("tls", "laptop edge", 20, 50, details=details)


def test_a_first_visit_to_a_server_of_its_own() -> None:
    steps = [
        step("neighbour", "laptop home-gw", 0, 1),
        step("dns_cache", "laptop home-gw", 1, 10),
        step("tcp", "laptop shop", 10, 20),
        step("tls", "laptop shop", 20, 40, details={"version": "TLS 1.3"}),
        step("request", "laptop shop", 40, 45),
        step("nat", "home-gw", 10, 10),
    ]
    assert trips(*steps) == dict.fromkeys(("neighbour", "dns_cache", "tcp", "tls", "request"), 1)
    assert count_round_trips(journey(*steps)).total == 5


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"version": "TLS 1.3"}, {"tls": 1}),
        ({"version": "TLS 1.3", "early_data": True}, {}),
        ({"version": "TLS 1.2"}, {"tls": 2}),
        ({"version": "TLS 1.2", "resumed": True}, {"tls": 1}),
    ],
)
def test_a_tls_handshake_has_as_many_as_its_version_wants(
    details: dict[str, Any], expected: dict[str, int]
) -> None:
    assert trips(tls(**details)) == expected


def test_side_by_side_counts_once_and_one_after_the_other_twice() -> None:
    a = step("dns_query", "resolver ns1", 0, 10)
    aaaa = step("dns_query", "resolver ns1", 1, 12)
    assert trips(a, aaaa) == {"dns_query": 1}
    assert trips(a, step("dns_query", "resolver ns1", 10, 20)) == {"dns_query": 2}
    assert trips(a, step("dns_query", "resolver ns2", 1, 12)) == {"dns_query": 2}


def test_what_was_saved_was_not_waited_for() -> None:
    assert trips(step("neighbour", "laptop", 0, 0, saved="a question")) == {}


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"cache": "HIT"}, {}),
        ({"cache": "MISS", "new_connection": False}, {"edge": 1}),
        ({"cache": "MISS", "new_connection": True}, {"edge": 2}),
    ],
)
def test_an_edge_asks_its_origin_for_what_it_lacks(
    details: dict[str, Any], expected: dict[str, int]
) -> None:
    assert trips(step("edge", "edge", 10, 90, details=details)) == expected


def test_a_cache_of_names_is_asked_over_the_network_all_the_same() -> None:
    assert trips(step("dns_cache", "laptop home-gw", 0, 1, saved="x")) == {"dns_cache": 1}


def test_what_came_before_the_click_or_after_the_first_byte_does_not_count() -> None:
    early, late = step("neighbour", "laptop", -20, -19), step("request", "laptop edge", 600, 610)
    assert trips(early, late) == {}
    assert trips(late, first_byte_ms=None) == {"request": 1}
