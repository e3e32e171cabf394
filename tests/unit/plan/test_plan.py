"""Finding one's way in a plan."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from orchestrator.plan.model import Interface
from tests.golden.cases import CASES, plan_of

PLAN = plan_of(CASES[0])


def test_nodes_by_role() -> None:
    assert [node.name for node in PLAN.with_role("router")] == ["cloud"]
    assert [node.name for node in PLAN.with_role("router", "access")] == ["isp", "cloud"]
    assert PLAN.with_role() == ()


def test_the_owner_of_an_address() -> None:
    router = PLAN.nodes["isp"]
    assert [PLAN.owner_of(address) for address in router.loopbacks] == [router, router]
    database = PLAN.nodes["shop-db"]
    assert [PLAN.owner_of(address) for address in database.addresses] == [database, database]
    assert PLAN.owner_of(IPv4Address("192.0.2.1")) is None
    assert PLAN.owner_of(IPv6Address("2001:db8:1::1")) is None


def test_an_address_that_many_share_has_no_owner() -> None:
    internet = plan_of(CASES[1])
    (v4, v6) = internet.anycast["swift"].addresses
    assert (internet.owner_of(v4), internet.owner_of(v6)) == (None, None)


def test_a_node_is_known_by_its_loopbacks_or_its_first_port() -> None:
    router, edge = PLAN.nodes["isp"], PLAN.nodes["edge"]
    assert router.addresses == router.loopbacks
    assert edge.addresses == tuple(entry.ip for entry in edge.interface("eth0").addresses)
    assert (router.address, edge.address) == (router.addresses[0], edge.addresses[0])
    with pytest.raises(KeyError):
        edge.interface("eth7")


def test_an_interface_has_a_link_local_address_from_the_start() -> None:
    """The kernel makes it of the MAC (RFC 4291, appendix A)."""
    port = Interface("eth0", "02:4c:00:27:00:0c", 100, "a--b")
    assert str(port.link_local) == "fe80::4c:ff:fe27:c"
