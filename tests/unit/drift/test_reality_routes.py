"""A forwarding table against the plan's, in words."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from orchestrator.drift.routes import compare_tables
from orchestrator.routes.fib_table import Table, Way

A, B = ip_network("198.18.0.0/24"), ip_network("2001:db8::/32")
OVER_FRA: frozenset[Way] = frozenset({("eth0", "fra")})
BOTH: frozenset[Way] = frozenset({("eth0", "fra"), ("eth1", "muc")})
NOWHERE: frozenset[Way] = frozenset()
PLANNED: Table = {A: OVER_FRA, B: BOTH}


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({A: {OVER_FRA}, B: {BOTH}}, []),
        ({A: {OVER_FRA}}, ["no route to 2001:db8::/32"]),
        ({}, ["no route to 198.18.0.0/24, 2001:db8::/32"]),
        (
            {A: {OVER_FRA}, B: {BOTH}, ip_network("198.18.0.0/25"): {OVER_FRA}},
            ["a route to 198.18.0.0/25 that the plan does not have"],
        ),
        (
            {A: {OVER_FRA}, B: {OVER_FRA}},
            ["2001:db8::/32 goes to fra, by the plan to fra or to muc"],
        ),
        (
            {A: {NOWHERE}, B: {OVER_FRA}},
            ["198.18.0.0/24 goes nowhere, by the plan to fra, and 1 others"],
        ),
        (
            {A: {OVER_FRA, frozenset({("eth9", "")})}, B: {BOTH}},
            ["198.18.0.0/24 goes over eth9 and to fra, by the plan to fra"],
        ),
    ],
)
def test_tables(seen: dict[object, set[frozenset[Way]]], told: list[str]) -> None:
    assert list(compare_tables([PLANNED], seen)) == told  # type: ignore[arg-type]


def test_of_several_outcomes_each_prefix_may_be_as_in_any() -> None:
    other: Table = {A: BOTH}
    assert list(compare_tables([PLANNED, other], {A: {BOTH}, B: {BOTH}})) == []
    assert list(compare_tables([PLANNED, other], {A: {OVER_FRA}})) == []
    assert list(compare_tables([PLANNED, other], {A: {NOWHERE}, B: {BOTH}})) == [
        "198.18.0.0/24 goes nowhere, by the plan to fra"
    ]
