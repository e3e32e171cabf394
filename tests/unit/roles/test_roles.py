"""What each role is asked before the lab calls itself ready, and how it is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from orchestrator.plan.addresses import Address, holds
from orchestrator.plan.health import (
    BirdCheck,
    DnsCheck,
    HealthCheck,
    HttpCheck,
    LeaseCheck,
    TcpCheck,
    UdpCheck,
)
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import RouterSettings
from orchestrator.plan.services import GatewaySettings, NameServerSettings
from orchestrator.render.main import render_node
from orchestrator.roles import ROLES, role_of
from orchestrator.roles.base import Role
from orchestrator.runtime.engine.images import image_kinds, images_folder
from tests.golden.cases import CASES, Case, plan_of

PLANS = {case.name: plan_of(case) for case in CASES}
MINIMAL, INTERNET = PLANS["minimal"], PLANS["internet"]
HIJACK, NO_CDN = PLANS["hijack"], PLANS["no-cdn"]


def checks(plan: Plan, name: str) -> tuple[HealthCheck, ...]:
    node = plan.nodes[name]
    return ROLES[node.role].checks(node, plan)


def test_a_router_has_its_sessions_and_hears_of_every_as() -> None:
    (check,) = checks(MINIMAL, "cloud")
    assert check == BirdCheck(("to_isp", "to_isp_v6"), MINIMAL.systems[64501].prefixes)
    (check,) = checks(INTERNET, "tundra-lon")
    assert isinstance(check, BirdCheck)
    names = {"ibgp_tundra_fra", "ibgp_tundra_nyc", "to_pampas_lon"}
    assert set(check.sessions) == {*names, *(f"{name}_v6" for name in names), "rtr_rpki"}
    others = [s.prefixes for asn, s in INTERNET.systems.items() if asn != 64510]
    others += [service.prefixes for service in INTERNET.anycast.values()]
    assert sorted(map(str, check.prefixes)) == sorted(str(p) for both in others for p in both)


def test_a_router_that_drops_a_hijack_does_not_wait_for_it() -> None:
    """One that announces it itself hears nothing of it, and those that validate never do."""
    shady = HIJACK.nodes["shady"].settings
    assert isinstance(shady, RouterSettings)
    stolen = {origin.prefix for origin in shady.originated if origin.hijack}
    assert stolen
    for name in ("transit", "isp", "bank", "shady"):
        *_, check = checks(HIJACK, name)
        assert isinstance(check, BirdCheck)
        assert set(HIJACK.systems[64510].prefixes) <= {*check.prefixes} or name == "transit"
        assert not stolen & set(check.prefixes)


def test_an_access_router_offers_leases_before_it_has_heard_of_all() -> None:
    leases = (UdpCheck(67), UdpCheck(547))
    node, role = MINIMAL.nodes["isp"], ROLES["access"]
    assert role.offers is not None
    assert role.offers(node, MINIMAL) == leases
    assert checks(MINIMAL, "isp") == (*leases, *ROLES["router"].checks(node, MINIMAL))


def test_a_route_server_has_a_session_with_each_member_and_family() -> None:
    (check,) = checks(INTERNET, "ix-fra-rs")
    assert isinstance(check, BirdCheck)
    members = ("alder_core", "swift_fra", "nameworks_fra")
    assert set(check.sessions) == {f"at_ix_fra_{m}{v6}" for m in members for v6 in ("", "_v6")}


def test_a_cache_of_roas_listens() -> None:
    assert checks(INTERNET, "rpki") == (TcpCheck(INTERNET.nodes["rpki"].address, 8282),)


def test_a_name_server_answers_for_each_of_its_zones_at_each_address() -> None:
    node, zones = INTERNET.nodes["root-b"], (".", "root-servers.net.")
    assert checks(INTERNET, "root-b") == tuple(
        DnsCheck(address, zone, "SOA", authoritative=True)
        for address in node.addresses
        for zone in zones
    )


@pytest.mark.parametrize("name", ["ns1", "root-a1"])
def test_a_name_server_without_a_zone_has_its_configuration(name: str) -> None:
    """Alone, or beside a speaker: its health is to answer for the root, which it will not."""
    node = replace(INTERNET.nodes[name], settings=NameServerSettings(()))
    files = ROLES[node.role].files(node)
    assert files.keys() == {"named.conf", *(("bird.conf", "health") if node.speaker else ())}
    assert all(files[path].context == {"zone": "."} for path in files.keys() & {"health"})
    assert 'zone "' not in render_node(node, INTERNET)["named.conf"]
    assert [p for p in ROLES[node.role].checks(node, INTERNET) if isinstance(p, DnsCheck)] == []


@pytest.mark.parametrize("name", ["root-a1", "openwell2", "edge-nyc"])
def test_a_server_that_shares_an_address_serves_there_and_announces_it(name: str) -> None:
    node = INTERNET.nodes[name]
    *served, speaker = checks(INTERNET, name)
    asked = {getattr(check, "address", None) for check in served}
    assert asked == {*node.addresses, *node.anycast}
    assert isinstance(speaker, BirdCheck)
    assert len(speaker.sessions) == 2
    (service,) = (s for s in INTERNET.anycast.values() if name in s.instances)
    assert speaker.prefixes == service.prefixes


def test_a_resolver_resolves_a_site() -> None:
    assert checks(MINIMAL, "isp-resolver") == tuple(
        DnsCheck(address, "www.example.com", "A", authoritative=False)
        for address in MINIMAL.nodes["isp-resolver"].addresses
    )


def test_a_gateway_has_its_leases_and_answers_its_lan_without_asking_anybody() -> None:
    settings = MINIMAL.nodes["home-gw"].settings
    assert isinstance(settings, GatewaySettings)
    inside = (settings.address, settings.address6)
    assert MINIMAL.nodes["home-gw"].interface("lan").addresses[0].ip == settings.address
    assert checks(MINIMAL, "home-gw") == (
        LeaseCheck("wan", settings.wan),
        LeaseCheck("wan", settings.wan6),
        LeaseCheck("lan", settings.address6),
        *(DnsCheck(a, "gateway.home.arpa", "A", authoritative=False) for a in inside),
    )


def test_a_host_holds_an_address_of_each_family() -> None:
    found = checks(MINIMAL, "laptop")
    for check, lan in zip(found, MINIMAL.switches["home-lan"].prefixes, strict=True):
        assert isinstance(check, LeaseCheck)
        assert (check.interface, holds(lan, check.address)) == ("eth0", True)


def test_a_host_by_hand_is_ready_as_it_is() -> None:
    assert checks(PLANS["by-hand"], "probe") == ()


def test_content_is_served() -> None:
    edge, balancer = MINIMAL.nodes["edge"].addresses, MINIMAL.nodes["shop-lb"].addresses
    assert checks(MINIMAL, "edge") == tuple(
        HttpCheck(address, 443, "/healthz", "www.example.com") for address in edge
    )
    assert checks(MINIMAL, "shop-lb") == tuple(HttpCheck(a, 80, "/healthz") for a in balancer)
    app, database = MINIMAL.nodes["shop-app1"].address, MINIMAL.nodes["shop-db"].address
    assert checks(MINIMAL, "shop-app1") == (HttpCheck(app, 8080, "/healthz"),)
    assert checks(MINIMAL, "shop-db") == (TcpCheck(database, 5432),)
    web = INTERNET.nodes["shop-web1"].addresses
    assert checks(INTERNET, "shop-web1") == tuple(HttpCheck(a, 80, "/healthz") for a in web)


def test_a_balancer_without_a_cdn_serves_tls_itself() -> None:
    addresses = NO_CDN.nodes["shop-lb"].addresses
    assert checks(NO_CDN, "shop-lb") == (
        *(HttpCheck(address, 80, "/healthz") for address in addresses),
        *(
            HttpCheck(address, 443, "/healthz", host)
            for address in addresses
            for host in ("example.com", "www.example.com")
        ),
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_probe_asks_the_node_itself(case: Case) -> None:
    plan = plan_of(case)
    for node in plan.nodes.values():
        held: set[Address] = {entry.ip for port in node.interfaces for entry in port.addresses}
        held |= {*node.loopbacks, *node.anycast}
        if isinstance(node.settings, GatewaySettings):
            held.add(node.settings.address6)
        for check in ROLES[node.role].checks(node, plan):
            address: Address | None = getattr(check, "address", None)
            if address is not None and not isinstance(check, LeaseCheck):
                assert address in held


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_speaker_takes_one_daemon_and_one_capability_more(case: Case) -> None:
    for node in plan_of(case).nodes.values():
        plain, run = ROLES[node.role], role_of(node)
        more = (("bird",), ("NET_ADMIN",)) if node.speaker else ((), ())
        daemons, capabilities = (*plain.daemons, *more[0]), (*plain.capabilities, *more[1])
        limits = replace(plain.limits, cpu_shares=run.limits.cpu_shares)
        assert run == replace(plain, daemons=daemons, capabilities=capabilities, limits=limits)
        assert not node.speaker or run.limits.cpu_shares == ROLES["router"].limits.cpu_shares
        assert run.speaks == ("bird" in daemons)
        assert ({"bird.conf", "health"} <= set(plain.files(node))) == bool(node.speaker)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_an_image_and_asks_for_little(role: str) -> None:
    spec = ROLES[role]
    assert spec.image in image_kinds(images_folder())
    assert (images_folder() / spec.image / "README.md").exists()
    assert set(spec.waits_for) <= set(ROLES) - {role}
    # Nothing that would reach beyond the node's own namespaces.
    assert set(spec.capabilities) <= {
        "NET_ADMIN",
        "NET_RAW",
        "NET_BIND_SERVICE",
        "SETUID",
        "SETGID",
    }


def having(has: Callable[[Role], bool]) -> set[str]:
    return {name for name, role in ROLES.items() if has(role)}


def test_what_roles_are_to_others() -> None:
    assert having(lambda role: role.forwards) >= {"router", "access", "gateway"}
    assert having(lambda role: role.speaks) >= {"router", "access", "routeserver"}
    assert having(lambda role: role.routes) >= {"router", "access", "gateway", "routeserver"}
    assert having(lambda role: not role.lane) >= {"router", "access", "routeserver", "rpki"}
    assert having(lambda role: role.answers_dns) >= {"resolver", "nameserver", "gateway"}
    web = ROLES["web"]
    assert (web.routes, web.lane, web.answers_dns, web.browser) == (False, True, False, False)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_daemons_or_a_browser(role: str) -> None:
    """Else there is nothing to ask of it, and nothing to kill."""
    assert bool(ROLES[role].daemons) != ROLES[role].browser
