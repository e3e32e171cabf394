"""The control plane of the default lab: sessions, and paths as the plan says."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from itertools import pairwise

from orchestrator.plan.codec import plan_from_plain
from orchestrator.plan.model import Plan
from orchestrator.plan.routes import best_paths
from tests.e2e.conftest import RunningLab


def plan_of(lab: RunningLab) -> Plan:
    return plan_from_plain(lab.plan())


def test_every_session_is_established(internet: RunningLab) -> None:
    for router in plan_of(internet).with_role("router"):
        shown = internet.exec(router.name, "birdc", "show", "protocols")
        rows = [line.split() for line in shown.splitlines() if " BGP " in line]
        assert len(rows) == len(router.settings.sessions)  # type: ignore[union-attr]
        assert {row[-1] for row in rows} == {"Established"}, router.name


def test_every_interior_neighbour_is_full(internet: RunningLab) -> None:
    for router in plan_of(internet).with_role("router"):
        shown = internet.exec(router.name, "birdc", "show", "ospf", "neighbors")
        states = re.findall(r"^\d+\.\d+\.\d+\.\d+\s+\d+\s+(\S+)", shown, re.MULTILINE)
        expected = [port for port in router.settings.ospf if not port.stub]  # type: ignore[union-attr]
        assert states == ["Full/PtP"] * len(expected), router.name


def systems_crossed(lab: RunningLab, plan: Plan, source: str, target: str) -> list[int]:
    """The ASes on the way, as traceroute meets them, each once."""
    shown = lab.exec(source, "traceroute", "-n", "-q", "1", "-w", "1", target)
    crossed: list[int] = []
    for text in re.findall(r"^\s*\d+\s+(\d+\.\d+\.\d+\.\d+)", shown, re.MULTILINE):
        owner = plan.owner_of(IPv4Address(text))
        assert owner is not None, text
        if owner.asn is not None and owner.asn not in crossed:
            crossed.append(owner.asn)
    return crossed


def test_traceroute_crosses_the_ases_of_the_plan(internet: RunningLab) -> None:
    plan = plan_of(internet)
    for source, home, target in (
        ("laptop", 64501, "shop.example.com"),
        ("laptop", 64501, "www.example.com"),
        ("tablet", 64502, "shop.example.com"),
        ("tablet", 64502, "ns1.example.com"),
    ):
        address = internet.exec(source, "dig", "+short", target).strip()
        owner = plan.owner_of(IPv4Address(address))
        assert owner is not None
        assert owner.asn is not None
        expected = best_paths(plan.systems, owner.asn)[home]
        assert tuple(systems_crossed(internet, plan, source, target)) == expected, target


def test_no_route_has_a_valley(internet: RunningLab) -> None:
    """In every router's table: once a path goes down or across, it only goes down."""
    plan = plan_of(internet)
    for router in plan.with_role("router"):
        shown = internet.exec(router.name, "birdc", "show", "route", "all")
        paths = re.findall(r"bgp_path:(.*)|BGP.as_path:(.*)", shown)
        for first, second in paths:
            path = [router.asn, *map(int, (first or second).split())]
            assert is_valley_free(plan, [asn for asn in path if asn is not None]), path


def is_valley_free(plan: Plan, path: list[int]) -> bool:
    """``path`` runs from the user of the route to its origin; traffic takes it that way too."""
    climbing = True
    for here, there in pairwise(path):
        system = plan.systems[here]
        if there == here or there in system.customers:
            climbing = climbing and there == here
        elif not climbing:
            return False
        else:
            climbing = there in system.providers
    return True


def test_the_exchange_is_used(internet: RunningLab) -> None:
    """From a home to the near edge the packets cross the IXP, and no transit AS."""
    plan = plan_of(internet)
    assert systems_crossed(internet, plan, "laptop", "www.example.com") == [64501, 64530]
    shown = internet.exec("laptop", "traceroute", "-n", "-q", "1", "www.example.com")
    assert any(address in shown for address in ("198.19.255.2",))
