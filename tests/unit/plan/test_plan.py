"""Finding one's way in a plan."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from tests.golden.cases import CASES, plan_of

PLAN = plan_of(CASES[0])


def test_nodes_by_role() -> None:
    assert [node.name for node in PLAN.with_role("router")] == ["isp", "cloud"]
    assert PLAN.with_role() == ()


def test_the_owner_of_an_address() -> None:
    router = PLAN.nodes["isp"]
    assert router.loopback is not None
    assert PLAN.owner_of(router.loopback) is router
    assert PLAN.owner_of(PLAN.nodes["shop-db"].address) is PLAN.nodes["shop-db"]
    assert PLAN.owner_of(IPv4Address("192.0.2.1")) is None


def test_a_node_is_known_by_its_loopback_or_its_first_port() -> None:
    router, edge = PLAN.nodes["isp"], PLAN.nodes["edge"]
    assert router.address == router.loopback
    assert edge.address == edge.interface("eth0").address
    with pytest.raises(KeyError):
        edge.interface("eth7")
