"""What each role is asked before the lab calls itself ready, and how it is run."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from orchestrator.plan.model import Plan
from orchestrator.plan.probes import (
    BirdProbe,
    DnsProbe,
    HttpProbe,
    LeaseProbe,
    Probe,
    TcpProbe,
)
from orchestrator.roles import ROLES
from orchestrator.runtime.images import image_kinds, images_folder
from tests.golden.cases import CASES, Case, plan_of

MINIMAL, INTERNET = plan_of(CASES[0]), plan_of(CASES[1])
NO_CDN = plan_of(next(case for case in CASES if case.name == "no-cdn"))


def probes(plan: Plan, name: str) -> tuple[Probe, ...]:
    node = plan.nodes[name]
    return ROLES[node.role].probes(node, plan)


def test_a_router_has_its_sessions_and_hears_of_every_as() -> None:
    (probe,) = probes(MINIMAL, "isp")
    assert probe == BirdProbe(("to_cloud",), (MINIMAL.systems[64502].prefix,))
    (probe,) = probes(INTERNET, "tundra-lon")
    assert isinstance(probe, BirdProbe)
    assert {"ibgp_tundra_fra", "ibgp_tundra_nyc", "to_pampas_lon"} == set(probe.sessions)
    assert len(probe.prefixes) == len(INTERNET.systems) - 1


def test_a_name_server_answers_for_each_of_its_zones() -> None:
    asked = probes(INTERNET, "root-a")
    address = INTERNET.nodes["root-a"].address
    assert asked == tuple(
        DnsProbe(address, zone, "SOA", authoritative=True) for zone in (".", "root-servers.net.")
    )


def test_a_resolver_resolves_a_site() -> None:
    address = MINIMAL.nodes["isp-resolver"].address
    assert probes(MINIMAL, "isp-resolver") == (
        DnsProbe(address, "www.example.com", "A", authoritative=False),
    )


def test_a_gateway_answers_its_lan_without_asking_anybody() -> None:
    (probe,) = probes(MINIMAL, "home-gw")
    inside = MINIMAL.nodes["home-gw"].interface("lan").address
    assert probe == DnsProbe(inside, "gateway.home.arpa", "A", authoritative=False)


def test_a_host_holds_its_lease() -> None:
    (probe,) = probes(MINIMAL, "laptop")
    assert isinstance(probe, LeaseProbe)
    lan = MINIMAL.switches["home-lan"].prefix
    assert (probe.interface, probe.address in lan) == ("eth0", True)


def test_a_host_by_hand_is_ready_as_it_is() -> None:
    by_hand = plan_of(next(case for case in CASES if case.name == "by-hand"))
    assert probes(by_hand, "probe") == ()


def test_content_is_served() -> None:
    edge, balancer = MINIMAL.nodes["edge"].address, MINIMAL.nodes["shop-lb"].address
    assert probes(MINIMAL, "edge") == (HttpProbe(edge, 443, "/healthz", "www.example.com"),)
    assert probes(MINIMAL, "shop-lb") == (HttpProbe(balancer, 80, "/healthz"),)
    app, database = MINIMAL.nodes["shop-app1"].address, MINIMAL.nodes["shop-db"].address
    assert probes(MINIMAL, "shop-app1") == (HttpProbe(app, 8080, "/healthz"),)
    assert probes(MINIMAL, "shop-db") == (TcpProbe(database, 5432),)
    web = INTERNET.nodes["shop-web1"].address
    assert probes(INTERNET, "shop-web1") == (HttpProbe(web, 80, "/healthz"),)


def test_a_balancer_without_a_cdn_serves_tls_itself() -> None:
    balancer = NO_CDN.nodes["shop-lb"].address
    assert probes(NO_CDN, "shop-lb") == (
        HttpProbe(balancer, 80, "/healthz"),
        HttpProbe(balancer, 443, "/healthz", "example.com"),
        HttpProbe(balancer, 443, "/healthz", "www.example.com"),
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_probe_asks_the_node_itself(case: Case) -> None:
    plan = plan_of(case)
    for node in plan.nodes.values():
        held = {entry.ip for port in node.interfaces for entry in port.addresses} | {node.loopback}
        for probe in ROLES[node.role].probes(node, plan):
            address: IPv4Address | None = getattr(probe, "address", None)
            if address is not None and not isinstance(probe, LeaseProbe):
                assert address in held


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_an_image_and_asks_for_little(role: str) -> None:
    spec = ROLES[role]
    assert spec.image in image_kinds(images_folder())
    assert set(spec.waits_for) <= set(ROLES) - {role}
    # Nothing that would reach beyond the node's own namespaces.
    assert set(spec.capabilities) <= {
        "NET_ADMIN",
        "NET_RAW",
        "NET_BIND_SERVICE",
        "SETUID",
        "SETGID",
    }
