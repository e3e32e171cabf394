"""The control plane of the default lab: sessions, and paths as the plan says, in both families."""

from __future__ import annotations

import re
from ipaddress import ip_address
from itertools import pairwise

import pytest

from orchestrator.plan.addresses import FAMILIES, Family, of_family
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import RouterSettings
from orchestrator.routes.bgp import control_plane
from orchestrator.routes.forwarding import ForwardingPlane
from orchestrator.runtime.engine.client import in_parallel
from orchestrator.runtime.polling import wait_for
from tests.e2e.birds import best_paths, bgp_states, birdc, plan_of, routers, speakers
from tests.e2e.conftest import RunningLab


@pytest.fixture(scope="module", autouse=True)
def settled(internet: RunningLab) -> None:
    """Tests before these cut links, and routing takes its time to mend."""

    def is_healthy() -> bool:
        return internet.cli.try_run("status", "--name", internet.name).returncode == 0

    assert wait_for(is_healthy, within_s=60)


def test_every_session_is_established(internet: RunningLab) -> None:
    for node, sessions in speakers(plan_of(internet)):
        expected = {session.name: "Established" for session in sessions}
        assert bgp_states(internet, node.name) == expected, node.name


def test_every_interior_neighbour_is_full(internet: RunningLab) -> None:
    for router in routers(plan_of(internet)):
        assert isinstance(router.settings, RouterSettings)
        shown = birdc(internet, router.name, "show", "ospf", "neighbors")
        states = re.findall(r"^\d+\.\d+\.\d+\.\d+\s+\d+\s+(\S+)", shown, re.MULTILINE)
        expected = [port for port in router.settings.ospf if not port.stub]
        # OSPFv2 and OSPFv3 each have every neighbour.
        assert states == ["Full/PtP"] * 2 * len(expected), router.name


def test_every_bfd_session_is_up(internet: RunningLab) -> None:
    for node, sessions in speakers(plan_of(internet)):
        shown = birdc(internet, node.name, "show", "bfd", "sessions")
        states = re.findall(r"^\w*[.:][\w.:]+[ \t]+\S+[ \t]+(\S+)", shown, re.MULTILINE)
        assert len(states) >= len([session for session in sessions if session.bfd])
        assert set(states) <= {"Up"}, node.name


def test_bird_chose_what_the_plan_says(internet: RunningLab) -> None:
    """At every router, for every prefix of every AS: the same AS path, in both families."""
    plan = plan_of(internet)
    control = control_plane(plan)
    for router in routers(plan):
        chosen = best_paths(internet, router.name)
        planned = {str(p): control.as_path(router.name, p) for p in control.announced}
        heard = {prefix: path for prefix, path in planned.items() if path}
        assert {prefix: path for prefix, path in chosen.items() if path} == heard, router.name


def test_every_as_reaches_every_other(internet: RunningLab) -> None:
    plan = plan_of(internet)
    for system in plan.systems.values():
        chosen = best_paths(internet, system.routers[0])
        others = [other for other in plan.systems.values() if other is not system]
        assert {str(prefix) for other in others for prefix in other.prefixes} <= chosen.keys()


def test_no_route_has_a_valley(internet: RunningLab) -> None:
    """In every router's tables: once a path goes down or across, it only goes down."""
    plan, seen = plan_of(internet), 0
    for router in routers(plan):
        shown = birdc(internet, router.name, "show", "route", "all")
        for found in re.findall(r"(?:bgp_path|BGP\.as_path):(.*)", shown):
            path = [router.asn or 0, *map(int, found.split())]
            assert is_valley_free(plan, path), (router.name, path)
            seen += 1
    assert seen > 100


def is_valley_free(plan: Plan, path: list[int]) -> bool:
    """``path`` runs from the user of the route to its origin; traffic takes it that way too."""
    climbing = True
    for here, there in pairwise(path):
        system = plan.systems[here]
        if there == here:
            continue  # inside an AS, or prepended
        if there in system.customers:
            climbing = False
        elif not climbing:
            return False
        else:
            climbing = there in system.providers
    return True


def hops(lab: RunningLab, source: str, target: str, family: Family, *options: str) -> list[str]:
    """The nodes that traceroute meets, by the addresses that answer."""
    flag = f"-{family}"
    shown = lab.exec(source, "traceroute", flag, "-n", "-q", "1", "-w", "2", *options, target)
    found = re.findall(r"^\s*\d+\s+([0-9a-f:.]+)", shown, re.MULTILINE)
    owners = [owner_of(plan_of(lab), text) for text in found if text != target]
    return [*owners, *(text for text in found if text == target)]


def owner_of(plan: Plan, text: str) -> str:
    address = ip_address(text)
    node = plan.owner_of(address)
    if node is None:  # a gateway's own side of a LAN of delegated addresses
        leased = [n for n in plan.with_role("gateway") if address in vars(n.settings).values()]
        assert leased, text
        node = leased[0]
    return node.name


@pytest.mark.parametrize("family", FAMILIES)
def test_packets_take_a_path_of_the_plan(internet: RunningLab, family: Family) -> None:
    """Router by router. Where several are equal, it is one of them."""
    plan = plan_of(internet)
    plane = ForwardingPlane(plan)
    for source, target in (("laptop", "shop-lb"), ("tablet", "ns1"), ("tablet", "edge-fra")):
        address = of_family(plan.nodes[target].addresses, family)[0]
        taken = hops(internet, source, str(address), family)[:-1]
        planned = [
            [hop.receiver for hop in path if hop.receiver in plan.nodes][:-1]
            for path in plane.paths(source, address)
        ]
        assert taken in planned


@pytest.mark.parametrize("family", FAMILIES)
def test_flows_spread_over_equal_paths(internet: RunningLab, family: Family) -> None:
    """Per flow and by ports: other ports, another path; the same ports, the same path."""
    plan = plan_of(internet)
    address = str(of_family(plan.nodes["shop-lb"].addresses, family)[0])

    def path(flow: tuple[str, int]) -> set[str]:
        protocol, port = flow
        options = (protocol, "-p", str(port), "-N", "1", f"--sport={port + 30000}")
        return set(hops(internet, "laptop", address, family, *options)[:6])

    for protocol in ("-T", "-U"):
        flows = [(protocol, port) for port in range(8080, 8086)]
        seen = set().union(*in_parallel(path, flows))
        assert {"alder-agg1", "alder-agg2"} <= seen, protocol


@pytest.mark.parametrize("family", FAMILIES)
def test_the_exchange_is_used(internet: RunningLab, family: Family) -> None:
    """From a home to the near edge the packets cross the IXP, and no transit AS."""
    plan = plan_of(internet)
    shared = of_family(plan.anycast["swift"].addresses, family)[0]
    taken = hops(internet, "laptop", str(shared), family)
    assert taken[-3:] == ["alder-core", "swift-fra", str(shared)]
