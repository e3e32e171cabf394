"""Names lead to addresses: from the root hints, through whole delegations, to the nearest edge."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.compile.names import root_name
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.plan.services import NameServerSettings, Zone
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.walk import resolve

NAMED = [case for case in CASES if plan_of(case).with_role("resolver")]
BY_NAME = {case.name: plan_of(case) for case in CASES}


def served(plan: Plan) -> list[tuple[str, str, Zone]]:
    """Server, view and zone for everything that is served."""
    return [
        (node.name, view.name, zone)
        for node in plan.nodes.values()
        if isinstance(node.settings, NameServerSettings)
        for view in node.settings.views
        for zone in view.zones
    ]


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_every_site_is_found_from_every_resolver(case: Case) -> None:
    plan = plan_of(case)
    fronts = {str(node.address) for node in plan.with_role("edge", "balancer")}
    for resolver in plan.with_role("resolver"):
        for host in plan.sites:
            addresses = resolve(plan, resolver, f"{host}.")
            assert len(addresses) == 1
            assert addresses <= fronts


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_every_name_server_is_found_by_its_name(case: Case) -> None:
    """What an NS record names has an address, and it is the same below the cut as above it."""
    plan = plan_of(case)
    servers = {str(node.address) for node in plan.with_role("nameserver")}
    names = {r.value for _, _, zone in served(plan) for r in zone.records if r.type == "NS"}
    for resolver in plan.with_role("resolver"):
        for name in names:
            addresses = resolve(plan, resolver, name)
            assert len(addresses) == 1
            assert addresses <= servers


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_a_server_has_one_file_for_each_zone_and_view(case: Case) -> None:
    files = [(server, zone.file) for server, _, zone in served(plan_of(case))]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize(
    ("case", "resolver", "host", "edge"),
    [
        ("internet", "alder-resolver", "www.example.com.", "edge-fra"),
        ("internet", "birch-resolver", "www.example.com.", "edge-nyc"),
        ("minimal", "isp-resolver", "www.example.com.", "edge"),
        ("no-cdn", "isp-resolver", "www.example.com.", "shop-lb"),
        ("no-cdn", "isp-resolver", "example.com.", "shop-lb"),
        ("two-zones", "west-resolver", "www.example.com.", "swift-dal"),
        ("two-zones", "east-resolver", "www.example.com.", "swift-vie"),
        ("two-zones", "west-resolver", "slow.example.com.", "any"),
        ("two-zones", "east-resolver", "slow.example.com.", "slow-vie"),
        ("two-zones", "west-resolver", "shop.example.com.", "swift-dal"),
        ("two-zones", "east-resolver", "direct.example.co.net.", "shop-lb"),
        ("two-zones", "east-resolver", "mail.example.com.", None),
        ("two-zones", "east-resolver", "absent.example.com.", None),
    ],
)
def test_a_resolver_is_shown_the_nearest_edge(
    case: str, resolver: str, host: str, edge: str | None
) -> None:
    plan = BY_NAME[case]
    by_hand = {"198.51.100.7"} if host.startswith("mail") else set()
    expected = {str(plan.nodes[edge].address)} if edge else by_hand
    assert resolve(plan, plan.nodes[resolver], host) == expected


def test_the_last_view_is_for_everybody() -> None:
    for _, settings in (
        (node.name, node.settings)
        for plan in BY_NAME.values()
        for node in plan.nodes.values()
        if isinstance(node.settings, NameServerSettings)
    ):
        assert [bool(view.clients) for view in settings.views] == [
            *[True] * (len(settings.views) - 1),
            False,
        ]


def test_root_servers_are_called_as_the_real_ones() -> None:
    assert [root_name(index) for index in (0, 12, 25)] == [
        "a.root-servers.net.",
        "m.root-servers.net.",
        "z.root-servers.net.",
    ]


TREE = """
name: lab
as: {{isp: {{asn: 64501, resolver: true}}, cloud: {{asn: 64502, providers: [isp]}}}}
dns: {{as: cloud, root: {{servers: {roots}}}, tlds: {{{tlds}}}}}
zones: {{{zones}}}
datacenters: {{shop: {{as: cloud}}}}
sites: {{{sites}}}
"""


@pytest.mark.parametrize(
    ("roots", "tlds", "zones", "sites"),
    [
        ("26", "", "a.org: {}", "a.org: {origin: shop}"),
        ("1", "root: {servers: [root]}", "a.root: {servers: [root]}", "b.a.root: {origin: shop}"),
        ("[s]", "com: {servers: [s]}", "b.com: {servers: [s]}", "b.com: {origin: shop}"),
        (
            "[s]",
            "com: {servers: [t, s]}, net: {servers: [t]}, edu: {}",
            "c.b.com: {servers: [s]}, b.com: {servers: [t]}, x.net: {servers: [s]}",
            "shop.b.com: {origin: shop}, a.c.b.com: {origin: shop}, net.x.net: {origin: shop}",
        ),
        (
            "2",
            "",
            "a.com: {}, b.a.com: {as: isp}, c.b.a.com: {}, shop.a.com: {servers: 3}",
            "x.c.b.a.com: {origin: shop}, x.shop.a.com: {origin: shop}, x.a.com: {origin: shop}",
        ),
    ],
)
def test_trees_of_every_shape_are_whole(
    roots: str, tlds: str, zones: str, sites: str, tmp_path: Path
) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(TREE.format(roots=roots, tlds=tlds, zones=zones, sites=sites))
    plan = load(path)
    balancer = {str(plan.nodes["shop-lb"].address)}
    for host in plan.sites:
        assert resolve(plan, plan.nodes["isp-resolver"], f"{host}.") == balancer
