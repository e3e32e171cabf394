"""Both address families of the default lab: from the ISP's lines to the browser's choice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orchestrator.plan.services import GatewaySettings, HostSettings
from tests.e2e.birds import plan_of
from tests.e2e.conftest import Run, RunningLab

URL = "https://www.example.com/"
AAAA = "28"


@pytest.fixture(scope="module")
def cold(internet: RunningLab) -> Run:
    return internet.visited(URL, "--cold=all")


def shared(internet: RunningLab) -> list[str]:
    return list(map(str, plan_of(internet).anycast["swift"].addresses))


def test_a_browser_prefers_ipv6(internet: RunningLab, cold: Run) -> None:
    assert cold.record["remote_address"] == shared(internet)[1]
    assert cold.record["status"] == 200
    asked = cold.packets("laptop", "dns.flags.response == 0", "dns.qry.type")
    assert {"1", AAAA} <= {row[0] for row in asked}


def test_ipv6_is_not_translated(internet: RunningLab, cold: Run) -> None:
    """The laptop's own address, out of the delegated prefix, is what the edge sees."""
    settings = plan_of(internet).nodes["laptop"].settings
    assert isinstance(settings, HostSettings)
    syn = "tcp.flags.syn == 1 and tcp.flags.ack == 0 and tcp.dstport == 443 and ipv6"
    for node in ("laptop", "oak-street-gw", "edge-fra"):
        sources = {row[0] for row in cold.packets(node, syn, "ipv6.src")}
        assert sources == {str(settings.leases[1])}, node


def test_the_isp_gives_the_gateway_its_addresses(internet: RunningLab) -> None:
    """IPv4 by DHCP, IPv6 by DHCPv6, and a prefix whose first /64 is on the LAN (RFC 8415)."""
    for name in ("oak-street-gw", "elm-street-gw"):
        settings = plan_of(internet).nodes[name].settings
        assert isinstance(settings, GatewaySettings)
        assert settings.lan6.subnet_of(settings.delegated)
        wan = internet.exec(name, "ip", "-o", "addr", "show", "dev", "wan")
        assert f" {settings.wan}/" in wan
        assert f" {settings.wan6}/" in wan
        assert f" {settings.address6}/64" in internet.exec(name, "ip", "-o", "addr", "show", "lan")
        assert "default via fe80:" in internet.exec(name, "ip", "-6", "route")


def test_a_host_makes_its_address_of_what_is_advertised(internet: RunningLab) -> None:
    settings = plan_of(internet).nodes["tv"].settings
    assert isinstance(settings, HostSettings)
    shown = internet.exec("tv", "ip", "-6", "-o", "addr", "show", "dev", "eth0")
    assert re.search(rf"{re.escape(str(settings.leases[1]))}/64 .*dynamic", shown)


@contextmanager
def broken_ipv6(internet: RunningLab, gateway: str) -> Iterator[None]:
    """A home whose IPv6 vanishes on the way out, without a word."""
    rule = ("oifname", "wan", "meta", "nfproto", "ipv6", "drop")
    internet.exec(gateway, "nft", "insert", "rule", "inet", "home", "forward", *rule)
    try:
        yield
    finally:
        internet.exec(gateway, "nft", "-f", "/lab/nftables.conf")


def test_happy_eyeballs_when_ipv6_is_broken(internet: RunningLab) -> None:
    """IPv6 is tried first, and IPv4 soon after (RFC 8305): slower, but it works."""
    with broken_ipv6(internet, "oak-street-gw"):
        run = internet.visit(URL)
    assert (run.record["status"], run.record["error"]) == (200, None)
    assert run.record["remote_address"] == shared(internet)[0]
    syn = "tcp.flags.syn == 1 and tcp.flags.ack == 0 and tcp.dstport == 443"
    tries = run.packets("laptop", syn, "frame.time_epoch", "ip.dst", "ipv6.dst")
    first = {bool(v4): float(t) for t, v4, _ in reversed(tries)}
    assert first[True] - first[False] >= 0.1


@pytest.mark.parametrize(("flag", "family"), [("-4", 0), ("-6", 1)])
@pytest.mark.parametrize("client", ["chromium", "curl"])
def test_one_family_alone(internet: RunningLab, flag: str, family: int, client: str) -> None:
    options = () if client == "chromium" else ("--client", client)
    run = internet.visited(URL, flag, *options)
    assert run.record["remote_address"] == shared(internet)[family]
    routes = internet.exec("laptop", "ip", "-6", "route") + internet.exec("laptop", "ip", "route")
    assert "unreachable" not in routes
