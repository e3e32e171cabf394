"""The looking glass over the default lab: what it tells is what packets do, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from orchestrator.plan.codec import plan_from_plain
from orchestrator.plan.model import Plan
from orchestrator.runtime.polling import wait_for
from tests.e2e.conftest import RunningLab

ISP, TUNDRA, PAMPAS, CDN, CLOUD = 64501, 64510, 64511, 64530, 64540
FAMILIES = ("4", "6")
TRANSIT = "alder-core--tundra-fra"


def plan_of(lab: RunningLab) -> Plan:
    return plan_from_plain(lab.plan())


def routed(lab: RunningLab, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The families of `lab route`, which ends with ``code`` once its routers have converged.

    A session that expired, as where a busy machine stood still, is no matter of these tests.
    """
    told: list[str] = []

    def ended_so() -> bool:
        done = lab.cli.try_run("route", *arguments, "--json", "--name", lab.name)
        told.append(done.stdout + done.stderr)
        return done.returncode == code

    assert wait_for(ended_so, within_s=30), told[-1]
    families: dict[str, Any] = json.loads(told[-1])["families"]
    return families


def summed_up(lab: RunningLab, *arguments: str) -> dict[str, Any]:
    shown = lab.cli.try_run("bgp", "summary", *arguments, "--json", "--name", lab.name)
    summary: dict[str, Any] = json.loads(shown.stdout)
    assert shown.returncode == (0 if summary["all_up"] else 1)
    return summary


def systems(hops: list[dict[str, Any]]) -> list[int]:
    return list(dict.fromkeys(hop["asn"] for hop in hops if hop["asn"] is not None))


def test_the_designed_pair_goes_out_one_way_and_comes_back_another(internet: RunningLab) -> None:
    families = routed(internet, "laptop", "direct.example.com")
    assert set(families) == set(FAMILIES)
    for family in families.values():
        assert family["reached"]
        assert family["returned"]
        assert systems(family["forward"]) == [ISP, TUNDRA, PAMPAS, CLOUD]
        assert systems(family["return"]) == [CLOUD, PAMPAS, ISP]
        assert not family["symmetric"]
        assert family["forward"][-1]["node"] == family["return"][0]["node"] == "shop-lb"
        assert family["return"][-1]["node"] == "laptop"


def test_every_hop_matches_a_prefix_around_the_address(internet: RunningLab) -> None:
    for family in routed(internet, "laptop", "direct.example.com").values():
        for hop in (*family["forward"], *family["return"]):
            assert ip_address(hop["destination"]) in ip_network(hop["prefix"]), hop
        assert {hop["kind"] for hop in family["forward"][:-1]} == {"unicast"}
        assert family["forward"][-1]["kind"] == "local"


def test_the_gateway_translates_ipv4_and_only_that(internet: RunningLab) -> None:
    families = routed(internet, "laptop", "direct.example.com")
    assert [len({h["source"] for h in families[f]["forward"]}) for f in FAMILIES] == [2, 1]
    assert any("NAT" in note for hop in families["4"]["return"] for note in hop["notes"])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_way_told_is_the_way_that_a_flow_takes(internet: RunningLab, family: str) -> None:
    """Flow by flow, until both of two equal paths were taken; the hash has a seed of its own."""
    plan, middles = plan_of(internet), set[str]()
    for port in map(str, range(40000, 40032)):
        flow = f"udp:{port}:443"
        told = routed(internet, "laptop", "direct.example.com", f"-{family}", "--flow", flow)
        nodes = [hop["node"] for hop in told[family]["forward"]]
        if nodes[3] not in middles:
            # The first to answer is the home's gateway, whose addresses are leased.
            assert traced(internet, plan, family, port)[1:] == nodes[2:]
        middles.add(nodes[3])
        if len(middles) == 2:
            break
    assert middles == {"alder-agg1", "alder-agg2"}


def traced(lab: RunningLab, plan: Plan, family: str, port: str) -> list[str]:
    """The nodes that answer traceroute, whose packets are all of one flow."""
    fixed = ("-U", "-p", "443", f"--sport={port}", "-q", "1", "-w", "2")
    shown = lab.exec("laptop", "traceroute", f"-{family}", "-n", *fixed, "direct.example.com")
    addresses = re.findall(r"^\s*\d+\s+([0-9a-f.:]+) ", shown, re.MULTILINE)
    owners = [plan.owner_of(ip_address(address)) for address in addresses]
    return [owner.name if owner is not None else "" for owner in owners]


def test_bird_has_what_the_plan_expects_and_says_why(internet: RunningLab) -> None:
    for target in ("direct.example.com", "www.example.com", "openwell"):
        for family in routed(internet, "laptop", target).values():
            hops = [*family["forward"], *family["return"]]
            assert {hop["planned"] for hop in hops} == {""}
            assert all(hop["why"] for hop in hops if hop["as_path"])


def test_the_cdn_is_reached_over_the_exchange_and_preferred_as_a_peer(
    internet: RunningLab,
) -> None:
    for family in routed(internet, "laptop", "www.example.com").values():
        assert systems(family["forward"]) == [ISP, CDN]
        border = next(hop for hop in family["forward"] if hop["node"] == "alder-core")
        assert border["why"].startswith("higher local preference: peer")
        assert f"{ISP}:1:2 peer" in border["communities"]
        assert len(border["routes"]) == 3  # by the exchange twice, and by transit


def test_packets_to_nobody_do_not_arrive(internet: RunningLab) -> None:
    family = routed(internet, "laptop", "192.0.2.1", code=1)["4"]
    assert not family["reached"]
    assert family["problem"] == "alder-bng has no route to 192.0.2.1"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("route", "labtop", "shop-lb"), "did you mean 'laptop'?"),
        (("route", "laptop", "www.example.org"), "did you mean 'www.example.com'?"),
        (("route", "laptop", "shop-lb", "--flow", "tcp:1"), "write it like tcp:40000:443"),
        (("bgp", "summary", "laptop"), "runs no BIRD"),
    ],
)
def test_what_is_not_there_is_told(
    internet: RunningLab, arguments: tuple[str, ...], told: str
) -> None:
    done = internet.cli.try_run(*arguments, "--name", internet.name)
    assert done.returncode == 2
    assert told in done.stderr


def test_all_sessions_are_up_in_both_families(internet: RunningLab) -> None:
    """Within a moment, since the tests before this one cut links."""

    def is_whole() -> bool:
        summary = summed_up(internet)
        return summary["all_up"] and {row["bfd"] for row in summary["bgp"]} == {"", "Up"}

    assert wait_for(is_whole, 60, every_s=0.5), summed_up(internet)
    summary = summed_up(internet)
    assert {row["family"] for row in summary["bgp"]} == {4, 6}
    assert all(row["roas"] for row in summary["rtr"])
    assert any(row["relation"] == "route server" for row in summary["bgp"])


@contextmanager
def unplugged(lab: RunningLab, link: str) -> Iterator[None]:
    lab.cli.run("link", "--name", lab.name, "down", link)
    try:
        yield
    finally:
        lab.cli.run("link", "--name", lab.name, "up", link)
        assert wait_for(lambda: summed_up(lab)["all_up"], 60, every_s=0.5)


def test_a_failure_shows_beside_the_plan(internet: RunningLab) -> None:
    def goes_round() -> bool:
        families = routed(internet, "laptop", "direct.example.com").values()
        return all(TUNDRA not in systems(family["forward"]) for family in families)

    with unplugged(internet, TRANSIT):
        assert wait_for(goes_round, 20, every_s=0.5)
        down = [row for row in summed_up(internet, "alder-core")["bgp"] if row["bfd"] != "Up"]
        assert {row["neighbour"] for row in down if row["bfd"]} == {"tundra-fra"}
        family = routed(internet, "laptop", "direct.example.com", "-4")["4"]
        border = next(hop for hop in family["forward"] if hop["node"] == "alder-edge")
        assert border["planned"].startswith(f"plan: {TUNDRA} {PAMPAS} {CLOUD}")
