"""Pools, and what is taken out of them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

import pytest

from orchestrator.compile.addressing import (
    Pool,
    PoolExhausted,
    SystemPools,
    interface_of,
    mac_address,
)
from orchestrator.plan.addresses import Prefix, overlap, within

BLOCK, NEXT = IPv4Network("198.18.0.0/24"), IPv4Network("198.18.9.0/24")
BLOCK6 = IPv6Network("3fff::/32")


def taken(pool: Pool, *lengths: int) -> list[str]:
    return [str(pool.take(length)) for length in lengths]


def test_a_pool_gives_the_lowest_first() -> None:
    assert taken(Pool(BLOCK), 26, 26, 25) == ["198.18.0.0/26", "198.18.0.64/26", "198.18.0.128/25"]


def test_a_larger_prefix_starts_where_it_may() -> None:
    assert taken(Pool(BLOCK), 31, 30, 26) == ["198.18.0.0/31", "198.18.0.4/30", "198.18.0.64/26"]


def test_a_pool_keeps_clear_of_what_is_reserved() -> None:
    reserved = [IPv4Network("198.18.0.0/26"), IPv4Network("198.18.0.100/32")]
    assert taken(Pool(BLOCK, reserved), 26, 27) == ["198.18.0.128/26", "198.18.0.192/27"]


def test_a_pool_of_ipv6_does_the_same() -> None:
    """Where a list of all its prefixes would not fit into memory."""
    pool = Pool(BLOCK6, [IPv6Network("3fff::/64")])
    assert taken(pool, 128, 127, 64, 56) == [
        "3fff:0:0:1::/128",
        "3fff:0:0:1::2/127",
        "3fff:0:0:2::/64",
        "3fff:0:0:100::/56",
    ]


def test_reserved_prefixes_of_the_other_family_are_no_concern() -> None:
    assert taken(Pool(BLOCK, [IPv6Network("::/0")]), 24) == ["198.18.0.0/24"]
    assert taken(Pool(BLOCK6, [IPv4Network("0.0.0.0/0")]), 32) == ["3fff::/32"]


def test_a_pool_from_the_top_gives_the_highest_first() -> None:
    reserved = [IPv4Network("198.18.0.192/28")]
    pool = Pool(BLOCK, reserved, descending=True)
    assert taken(pool, 28, 27, 26) == ["198.18.0.240/28", "198.18.0.160/27", "198.18.0.64/26"]


def test_a_pool_goes_on_in_its_next_block() -> None:
    blocks = [BLOCK, NEXT]
    lowest = ["198.18.0.0/25", "198.18.0.128/25", "198.18.9.0/26"]
    assert taken(Pool(blocks), 25, 25, 26) == lowest
    assert taken(Pool(blocks, descending=True), 24, 26) == ["198.18.0.0/24", "198.18.9.192/26"]


def test_a_pool_of_blocks_that_are_all_full_names_what_a_user_knows() -> None:
    pool = Pool([BLOCK, NEXT], whole=IPv4Network("198.18.0.0/16"))
    with pytest.raises(PoolExhausted, match=r"198\.18\.0\.0/16 has no free /24 left"):
        taken(pool, 24, 24, 24)


@pytest.mark.parametrize("descending", [False, True])
def test_what_a_pool_gives_never_overlaps(descending: bool) -> None:
    reserved = [IPv4Network("198.18.0.40/29"), IPv4Network("198.18.0.129/32")]
    pool = Pool(BLOCK, reserved, descending=descending)
    given = [*reserved, *(pool.take(length) for length in (32, 28, 31, 27, 30, 32, 26))]
    assert not any(overlap(a, b) for a, b in combinations(given, 2))


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


@pytest.mark.parametrize(("family", "whole"), [(0, r"198\.18\.0\.0/24"), (1, "3fff::/126")])
def test_a_part_of_a_prefix_speaks_of_the_whole(family: int, whole: str) -> None:
    pool = SystemPools(BLOCK, IPv6Network("3fff::/126")).services[family]
    with pytest.raises(PoolExhausted, match=f"{whole} has"):
        taken(pool, *[pool.blocks[0].max_prefixlen] * 65)


@pytest.mark.parametrize("length", [8, 16, 22, 24, 28, 30])
def test_the_parts_of_a_prefix_are_apart_and_in_it(length: int) -> None:
    v4, v6 = IPv4Network((0x0A000000, length)), IPv6Network((0x3FFF << 112, length + 10))
    pools = SystemPools(v4, v6)
    shared = (pools.loopbacks, pools.services, pools.links)
    assert_parts(v4, [pair.v4 for pair in shared])
    assert_parts(v6, [*(pair.v6 for pair in shared), pools.delegated])


def assert_parts(prefix: Prefix, pools: list[Pool]) -> None:
    """The pools share a prefix between them, and leave nothing of it."""
    blocks = [block for pool in pools for block in pool.blocks]
    assert sum(block.num_addresses for block in blocks) == prefix.num_addresses
    assert all(within(block, prefix) for block in blocks)
    assert not any(overlap(a, b) for a, b in combinations(blocks, 2))


def test_the_address_of_the_network_is_nobodys_loopback() -> None:
    loopbacks = SystemPools(BLOCK, BLOCK6).loopbacks
    assert str(loopbacks.v4.take(32)) == "198.18.0.1/32"
    assert str(loopbacks.v6.take(128)) == "3fff::1/128"


def test_prefixes_written_by_hand_inside_a_system_are_left_alone() -> None:
    drawn: list[Prefix] = [IPv4Network("198.18.0.128/30"), IPv6Network("3fff:0:c000::/48")]
    pools = SystemPools(BLOCK, BLOCK6, drawn)
    assert str(pools.links.v4.take(31)) == "198.18.0.132/31"
    assert str(pools.delegated.take(56)) == "3fff:0:c001::/56"


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
    assert str(interface_of(BLOCK6, 7)) == "3fff::7/32"
