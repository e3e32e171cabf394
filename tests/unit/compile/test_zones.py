"""Names lead to addresses: from the root hints, through whole delegations, to the nearest edge."""

from __future__ import annotations

import pytest

from orchestrator.compile.names import root_name
from orchestrator.plan.addresses import holds
from orchestrator.plan.model import Plan
from orchestrator.plan.services import NameServerSettings, Zone
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.texts import compiled
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


def fronts(plan: Plan) -> list[set[str]]:
    """The addresses of each place where sites are served, alone or together with others."""
    shared = [service.addresses for service in plan.anycast.values()]
    alone = [node.addresses for node in plan.with_role("edge", "balancer")]
    return [set(map(str, addresses)) for addresses in (*shared, *alone)]


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_every_site_is_found_from_every_resolver(case: Case) -> None:
    """By one address of each family, which are of one place."""
    plan = plan_of(case)
    for resolver in plan.with_role("resolver"):
        for host in plan.sites:
            addresses = resolve(plan, resolver, f"{host}.")
            assert sorted(":" in address for address in addresses) == [False, True]
            assert addresses in fronts(plan)


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_every_name_server_is_found_by_its_name(case: Case) -> None:
    """What an NS record names has both its addresses, the same below the cut as above it."""
    plan = plan_of(case)
    shared = [service.addresses for service in plan.anycast.values()]
    alone = [node.addresses for node in plan.with_role("nameserver") if not node.anycast]
    servers = [set(map(str, addresses)) for addresses in (*shared, *alone)]
    names = {r.value for _, _, zone in served(plan) for r in zone.records if r.type == "NS"}
    for resolver in plan.with_role("resolver"):
        for name in names:
            assert resolve(plan, resolver, name) in servers


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_beside_every_address_stands_one_of_the_other_family(case: Case) -> None:
    """But for those by hand, which are as somebody wants them."""
    by_hand = {"mail", "six"}
    for _, _, zone in served(plan_of(case)):
        held = [(r.owner, r.type, r.ttl) for r in zone.records if r.type in ("A", "AAAA")]
        computed = [entry for entry in held if entry[0] not in by_hand]
        a, aaaa = ([(o, t) for o, kind, t in computed if kind == k] for k in ("A", "AAAA"))
        assert a == aaaa


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_a_server_has_one_file_for_each_zone_and_view(case: Case) -> None:
    files = [(server, zone.file) for server, _, zone in served(plan_of(case))]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize(
    ("case", "resolver", "host", "edge"),
    [
        ("minimal", "isp-resolver", "www.example.com.", "edge"),
        ("no-cdn", "isp-resolver", "www.example.com.", "shop-lb"),
        ("no-cdn", "isp-resolver", "example.com.", "shop-lb"),
        ("two-zones", "west-resolver", "www.example.com.", "swift-dal"),
        ("two-zones", "east-resolver", "www.example.com.", "swift-vie"),
        ("two-zones", "west-resolver", "slow.example.com.", "any"),
        ("two-zones", "east-resolver", "slow.example.com.", "slow-vie"),
        ("two-zones", "west-resolver", "shop.example.com.", "swift-dal"),
        ("two-zones", "east-resolver", "direct.example.co.net.", "shop-lb"),
        ("internet", "birch-resolver", "direct.example.com.", "shop-lb"),
        ("hijack", "isp-resolver", "www.bank.example.", "vault-lb"),
    ],
)
def test_a_resolver_is_shown_the_nearest_edge(
    case: str, resolver: str, host: str, edge: str
) -> None:
    plan = BY_NAME[case]
    expected = set(map(str, plan.nodes[edge].addresses))
    assert resolve(plan, plan.nodes[resolver], host) == expected


SPREAD = """
name: spread
as:
  wide: {asn: 64501, routers: {fra: {at: Frankfurt}, nyc: {at: New York}, muc: {at: Berlin}}}
  east: {asn: 64502, at: Berlin, providers: [wide]}
  west: {asn: 64503, at: New York, providers: [wide]}
homes: {home: {isp: east, hosts: [laptop]}}
dns: {as: east}
zones: {example.com: {}}
resolvers: {open: {as: wide, routers: [fra, nyc]}}
cdns: {fast: {as: wide, edges: {edge-fra: fra, edge-nyc: nyc}}}
datacenters: {shop: {as: east}}
sites: {www.example.com: {origin: shop, cdn: fast}}
"""


@pytest.mark.parametrize(
    ("asker", "edge"),
    [("open1", "edge-fra"), ("open2", "edge-nyc"), ("east-resolver", "edge-fra")],
)
def test_a_public_resolver_is_shown_the_edge_nearest_to_itself(asker: str, edge: str) -> None:
    """Two of one address, in one AS, on two continents."""
    plan = compiled(SPREAD)
    expected = set(map(str, plan.nodes[edge].addresses))
    assert resolve(plan, plan.nodes[asker], "www.example.com.") == expected


def test_an_as_without_a_resolver_is_shown_the_nearest_edge_too() -> None:
    """As its own host would ask that runs a resolver of its user's."""
    plan = compiled(SPREAD)
    settings = plan.nodes["ns"].settings
    assert isinstance(settings, NameServerSettings)
    asker = plan.nodes["west"].loopbacks[0]
    first = next(v for v in settings.views if any(holds(p, asker) for p in v.clients))
    assert first.name == "near-edge-nyc"


@pytest.mark.parametrize("resolver", ["alder-resolver", "birch-resolver", "openwell1", "openwell2"])
def test_all_resolvers_are_shown_the_address_that_edges_share(resolver: str) -> None:
    """Where the nearest is left to BGP there is one view for all."""
    plan = BY_NAME["internet"]
    shared = set(map(str, plan.anycast["swift"].addresses))
    assert resolve(plan, plan.nodes[resolver], "www.example.com.") == shared
    settings = plan.nodes["ns1"].settings
    assert isinstance(settings, NameServerSettings)
    assert len(settings.views) == 1


@pytest.mark.parametrize(
    ("host", "addresses"),
    [("mail", {"198.51.100.7"}), ("six", {"2001:db8::1"}), ("absent", set())],
)
def test_records_by_hand_are_served_as_written(host: str, addresses: set[str]) -> None:
    plan = BY_NAME["two-zones"]
    assert resolve(plan, plan.nodes["east-resolver"], f"{host}.example.com.") == addresses


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
as:
  isp: {{asn: 64501, resolver: true}}
  cloud: {{asn: 64502, routers: [cloud-a, cloud-b], providers: [isp]}}
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
            "{s: [cloud-a, cloud-b]}",
            "com: {servers: [s], as: cloud}, org: {servers: {o: [cloud-b, cloud-a]}}",
            "b.com: {servers: {s: [cloud-a, cloud-b]}}",
            "b.com: {origin: shop}",
        ),
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
def test_trees_of_every_shape_are_whole(roots: str, tlds: str, zones: str, sites: str) -> None:
    plan = compiled(TREE.format(roots=roots, tlds=tlds, zones=zones, sites=sites))
    balancer = set(map(str, plan.nodes["shop-lb"].addresses))
    for host in plan.sites:
        assert resolve(plan, plan.nodes["isp-resolver"], f"{host}.") == balancer
