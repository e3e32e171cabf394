"""What is noted while a plan is drafted."""

from __future__ import annotations

from ipaddress import IPv4Network

from orchestrator.compile.addressing import Pool
from orchestrator.compile.draft import Draft
from orchestrator.spec.load import parse
from orchestrator.spec.model import Topology


def draft() -> Draft:
    document = parse(b"name: lab\nas:\n  isp: {asn: 64501}\n", "lab.yaml")
    return Draft(Topology.model_validate(document.data), document)


def test_a_pool_that_is_full_is_told_once() -> None:
    drafted, pool = draft(), Pool(IPv4Network("198.18.0.0/24"))
    for name in ("a", "b"):
        drafted.take4(pool, 22, name, ())
    assert len(drafted.problems) == 1


def test_each_pool_that_is_full_is_told_though_the_one_before_it_is_gone() -> None:
    """An object may get the address in memory of one that is gone, and with it its id()."""
    drafted = draft()
    for third in range(9):
        drafted.take4(Pool(IPv4Network(f"198.18.{third}.0/24")), 22, "a", ())
    assert len(drafted.problems) == 9
