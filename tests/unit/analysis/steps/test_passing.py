"""The steps on the way of a packet: NAT, networks, exchange points."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from orchestrator.analysis.packets.frames import ACK, SYN
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import crossing, exchange_point, nat
from orchestrator.analysis.story import Story
from orchestrator.plan.addresses import Address
from orchestrator.plan.services import GatewaySettings, HostSettings
from orchestrator.records.testimony import ForwardingEntry, NextHop, Translation
from orchestrator.shipped import shipped_topologies
from tests.unit.analysis.builders import VISIT, Recording, minimal_plan
from tests.unit.analysis.flying import fly
from tests.unit.compile.texts import compiled

PLAN = minimal_plan()
GATEWAY = PLAN.nodes["home-gw"].settings
LAPTOP = PLAN.nodes["laptop"].settings
assert isinstance(GATEWAY, GatewaySettings)
assert isinstance(LAPTOP, HostSettings)
_HOPS_TO_ISP = 3  # By the home's switch and its gateway.
EDGES = PLAN.nodes["edge"].addresses


def story(family: int, **evidence: object) -> Story:
    """A SYN from the laptop to the edge, and what answers it as far as the gateway."""
    client, edge = (a for a in (pick(LAPTOP.leases, family), pick(EDGES, family)))
    run = Recording(visit=replace(VISIT, remote_address=str(edge)))
    there = {"flags": SYN, "identity": 1, "ports": (40000, 443)}
    fly(run, "laptop", client, edge, at_ms=1, **there)  # type: ignore[arg-type]
    seen_as = GATEWAY.wan if family == 4 else client
    back = {"flags": SYN | ACK, "identity": 2, "ports": (443, 40000)}
    fly(run, "edge", edge, seen_as, at_ms=30, **back)  # type: ignore[arg-type]
    return run.story(**evidence)


def pick(addresses: tuple[Address, ...], family: int) -> Address:
    return next(address for address in addresses if address.version == family)


def only(steps: list[Step]) -> Step:
    (step,) = steps
    return step


def test_nat_is_told_with_both_ends_and_the_kernels_own_entry() -> None:
    laptop, edge = pick(LAPTOP.leases, 4), pick(EDGES, 4)
    entry = Translation("tcp", laptop, 40000, edge, 443, edge, 443, GATEWAY.wan, 40000, "CLOSE")
    step = only(list(nat.TELLER.tell(story(4, translations={"home-gw": (entry,)}))))
    assert step.details["before"] == f"{laptop}:40000"
    assert step.details["after"] == f"{GATEWAY.wan}:40000"
    assert "CLOSE" in str(step.details["conntrack"])
    assert step.as_expected
    assert step.milestone
    before, after = (proof.shows for proof in step.proofs)
    assert f"ip.src == {laptop} " in before
    assert f"ip.src == {GATEWAY.wan} " in after


def test_ipv6_goes_through_as_it_is() -> None:
    step = only(list(nat.TELLER.tell(story(6))))
    assert "no NAT" in step.title
    assert step.as_expected
    assert not step.milestone


@pytest.mark.parametrize("family", [4, 6])
def test_every_network_is_crossed_as_planned(family: int) -> None:
    steps = list(crossing.TELLER.tell(story(family)))
    assert all(step.as_expected for step in steps)
    there = [step for step in steps if "SYN-ACK" not in step.told]
    crossed = [name for step in there for name in step.nodes]
    routers = [n.name for n in PLAN.with_role("router", "access")]
    assert crossed == [name for name in crossed if name in routers]
    assert "isp" in crossed


def test_the_longest_match_and_its_next_hop_are_told() -> None:
    edge = pick(EDGES, 4)
    narrow = ip_network(f"{edge}/24", strict=False)
    seen = story(4)
    first = seen.tracks.of(seen.connections[0].frames[0])
    (out,) = [f.captured.interface for f in first.at("isp") if f.outbound]
    via = ip_address("198.18.0.1")
    fib = (
        ForwardingEntry(ip_network("0.0.0.0/0"), "unicast", "bird", (NextHop(via, "eth9"),)),
        ForwardingEntry(narrow, "unicast", "bird", (NextHop(via, out), NextHop(via, "eth9"))),
    )
    steps = list(crossing.TELLER.tell(story(4, forwarding={"isp": fib})))
    told = next(step.details["isp"] for step in steps if "isp" in step.nodes)
    assert str(told).startswith(f"{narrow} (bird) via {via}, out by {out}, one of 2 equal ways")


def test_without_forwarding_tables_the_way_is_told_without_the_why() -> None:
    step = next(iter(crossing.TELLER.tell(story(4))))
    assert "not known" in str(step.details[step.nodes[0]])


@pytest.mark.parametrize(
    ("kind", "hops", "told", "decided"),
    [
        ("unreachable", (), "which is unreachable there, from bird.", "unreachable: the packet"),
        ("unicast", (NextHop(None, "eth9"),), "by then with another next hop.", "did not leave"),
    ],
)
def test_a_stolen_prefix_is_not_told_with_the_plans_reason(
    kind: str, hops: tuple[NextHop, ...], told: str, decided: str
) -> None:
    """Seen at a router that hijacks: "AS path 64530, learned from a peer", of its own route."""
    edge = pick(EDGES, 6)
    entry = ForwardingEntry(ip_network(f"{edge}/48", strict=False), kind, "bird", hops)
    steps = list(crossing.TELLER.tell(story(6, forwarding={"isp": (entry,)})))
    assert next(step.told for step in steps if "isp" in step.nodes).endswith(told)
    lost = Recording(visit=replace(VISIT, remote_address=str(edge)))
    ends = ("laptop", pick(LAPTOP.leases, 6), edge)
    fly(lost, *ends, at_ms=1, flags=SYN, identity=1, ports=(40000, 443), most_hops=_HOPS_TO_ISP)
    (step,) = crossing.TELLER.tell(lost.story(forwarding={"isp": (entry,)}))
    assert decided in str(step.details["isp"])


def test_an_exchange_point_is_crossed_without_a_router() -> None:
    plan = compiled((shipped_topologies() / "internet.yaml").read_text(encoding="utf-8"))
    host = plan.nodes["laptop"].settings
    assert isinstance(host, HostSettings)
    target = pick(plan.anycast["swift"].addresses, 6)
    run = Recording(plan, replace(VISIT, remote_address=str(target)))
    client = pick(host.leases, 6)
    fly(run, "laptop", client, target, at_ms=1, flags=SYN, identity=1, ports=(40000, 443))
    step = only(list(exchange_point.TELLER.tell(run.story())))
    assert step.nodes == ("alder-core", "ix-fra", "swift-fra")
    hops_left = {proof.shows.rpartition("==")[2] for proof in step.proofs}
    assert len(step.proofs) == 2
    assert len(hops_left) == 1


def test_nothing_is_told_of_a_visit_that_sent_nothing() -> None:
    silent = Recording().story()
    for teller in (nat.TELLER, crossing.TELLER, exchange_point.TELLER):
        assert list(teller.tell(silent)) == []
