"""Pools, and what is taken out of them."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from orchestrator.compile.addressing import Pool, PoolExhausted, SystemPools, mac_address
from orchestrator.compile.draft import interface_of

BLOCK = IPv4Network("198.18.0.0/24")


def taken(pool: Pool, *lengths: int) -> list[str]:
    return [str(pool.take(length)) for length in lengths]


def test_a_pool_gives_the_lowest_first() -> None:
    assert taken(Pool(BLOCK), 26, 26, 25) == ["198.18.0.0/26", "198.18.0.64/26", "198.18.0.128/25"]


def test_a_larger_prefix_starts_where_it_may() -> None:
    assert taken(Pool(BLOCK), 31, 30, 26) == ["198.18.0.0/31", "198.18.0.4/30", "198.18.0.64/26"]


def test_a_pool_keeps_clear_of_what_is_reserved() -> None:
    reserved = [IPv4Network("198.18.0.0/26"), IPv4Network("198.18.0.100/32")]
    assert taken(Pool(BLOCK, reserved), 26, 27) == ["198.18.0.128/26", "198.18.0.192/27"]


@pytest.mark.parametrize(
    ("reserved", "lengths"),
    [((), (25, 25, 32)), ((), (23,)), ((BLOCK.supernet(),), (32,)), ((), (25, 32, 25))],
)
def test_an_empty_pool_says_what_it_lacks(
    reserved: tuple[IPv4Network, ...], lengths: tuple[int, ...]
) -> None:
    pool = Pool(BLOCK, reserved)
    with pytest.raises(PoolExhausted, match=rf"198.18.0.0/24 has no free /{lengths[-1]} left"):
        taken(pool, *lengths)


def test_a_part_of_a_prefix_speaks_of_the_whole() -> None:
    pools = SystemPools(BLOCK)
    taken(pools.services, *[31] * 32)
    with pytest.raises(PoolExhausted, match=r"198\.18\.0\.0/24 has"):
        pools.services.take(31)


@pytest.mark.parametrize("length", [8, 16, 22, 24, 28, 30])
def test_the_parts_of_a_prefix_are_apart_and_in_it(length: int) -> None:
    prefix = IPv4Network((0x0A000000, length))
    pools = SystemPools(prefix)
    parts = [pools.loopbacks.block, pools.services.block, pools.links.block]
    assert sum(part.num_addresses for part in parts) == prefix.num_addresses
    assert all(part.subnet_of(prefix) for part in parts)
    assert not any(a.overlaps(b) for a in parts for b in parts if a is not b)


def test_the_address_of_the_network_is_nobodys_loopback() -> None:
    assert str(SystemPools(BLOCK).loopbacks.take(32)) == "198.18.0.1/32"


def test_prefixes_written_by_hand_inside_a_system_are_left_alone() -> None:
    drawn = [IPv4Network("198.18.0.128/30")]
    assert str(SystemPools(BLOCK, drawn).links.take(31)) == "198.18.0.132/31"


@pytest.mark.parametrize(
    ("node", "interface", "mac"),
    [
        (1, 0, "02:4c:00:01:00:00"),
        (39, 12, "02:4c:00:27:00:0c"),
        (258, 300, "02:4c:01:02:01:2c"),
    ],
)
def test_a_mac_reads_as_node_and_interface(node: int, interface: int, mac: str) -> None:
    assert mac_address(node, interface) == mac


def test_an_address_keeps_the_length_of_its_prefix() -> None:
    assert str(interface_of(BLOCK, 7)) == "198.18.0.7/24"
