"""Anycast: servers that share an address, each with a BGP speaker at the router it hangs off."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from orchestrator.plan.addresses import FAMILIES, holds, of_family, within
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import Speaker
from tests.golden.cases import CASES, Case, plan_of
from tests.unit.compile.test_relations import sessions_of
from tests.unit.compile.texts import compiled

INTERNET = plan_of(next(case for case in CASES if case.name == "internet"))
SHARED = [case for case in CASES if plan_of(case).anycast]


def router_of(plan: Plan, server: Node) -> Node:
    """Whom a server's default routes lead through."""
    (router,) = {plan.owner_of(route.via) for route in server.routes}
    assert router is not None
    return router


def speaker_of(node: Node) -> Speaker:
    assert node.speaker is not None
    return node.speaker


def test_services_are_of_all_three_kinds() -> None:
    instances = {name: service.instances for name, service in INTERNET.anycast.items()}
    assert instances == {
        "openwell": ("openwell1", "openwell2"),
        "root-a": ("root-a1", "root-a2"),
        "swift": ("edge-fra", "edge-nyc"),
    }
    roles = {INTERNET.nodes[n].role for names in instances.values() for n in names}
    assert roles == {"resolver", "nameserver", "edge"}


@pytest.mark.parametrize(
    ("server", "router"),
    [
        ("openwell1", "nameworks-nyc"),
        ("openwell2", "nameworks-fra"),
        ("root-a1", "nameworks-fra"),
        ("root-a2", "nameworks-nyc"),
        ("edge-fra", "swift-fra"),
        ("edge-nyc", "swift-nyc"),
    ],
)
def test_an_instance_stands_where_it_was_put(server: str, router: str) -> None:
    node = INTERNET.nodes[server]
    assert router_of(INTERNET, node).name == router
    assert {session.neighbour_node for session in speaker_of(node).sessions} == {router}


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_a_speaker_is_beside_every_instance_and_nowhere_else(case: Case) -> None:
    plan = plan_of(case)
    instances = [name for service in plan.anycast.values() for name in service.instances]
    assert {name for name, node in plan.nodes.items() if node.speaker} == set(instances)
    assert {name for name, node in plan.nodes.items() if node.anycast} == set(instances)


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_a_speaker_tells_the_next_router_as_its_client(case: Case) -> None:
    """Over the link between them, over each family; the router passes it on inside the AS."""
    plan = plan_of(case)
    for node in plan.nodes.values():
        if node.speaker is None:
            continue
        router = router_of(plan, node)
        assert (node.speaker.asn, node.speaker.router_id) == (router.asn, node.address)
        assert [session.family for session in node.speaker.sessions] == [*FAMILIES]
        for session in node.speaker.sessions:
            assert (session.relation, session.client) == ("internal", False)
            assert session.local in node.addresses
            assert any(route.via == session.neighbour for route in node.routes)
        theirs = [s for s in sessions_of(router) if s.neighbour_node == node.name]
        assert [session.client for session in theirs] == [True, True]


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_services_have_a_prefix_of_their_own_that_others_accept(case: Case) -> None:
    plan = plan_of(case)
    for service in plan.anycast.values():
        assert [prefix.prefixlen for prefix in service.prefixes] == [24, 48]
        for prefix, address in zip(service.prefixes, service.addresses, strict=True):
            assert holds(prefix, address)
            assert not any(within(prefix, p) for s in plan.systems.values() for p in s.prefixes)
        for name in service.instances:
            node = plan.nodes[name]
            assert node.anycast == service.addresses
            assert node.asn == service.asn
            assert speaker_of(node).announced == service.prefixes


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_nobody_originates_a_service_but_its_instances(case: Case) -> None:
    """A router that did would go on when its server is not well."""
    plan = plan_of(case)
    shared = {prefix for service in plan.anycast.values() for prefix in service.prefixes}
    for node in plan.nodes.values():
        originated = getattr(node.settings, "originated", ())
        assert not shared & {origin.prefix for origin in originated}


def test_an_instance_serves_at_its_own_address_and_at_the_shared_one() -> None:
    edge, service = INTERNET.nodes["edge-fra"], INTERNET.anycast["swift"]
    assert edge.served == (*edge.addresses, *service.addresses)
    assert of_family(edge.served, 4) == (edge.address, service.addresses[0])
    assert isinstance(edge.address, IPv4Address)


def test_a_home_asks_the_resolver_it_prefers() -> None:
    gateways = {
        name: INTERNET.nodes[f"{name}-gw"].settings for name in ("oak-street", "elm-street")
    }
    asked = {name: getattr(settings, "resolvers", None) for name, settings in gateways.items()}
    assert asked == {
        "oak-street": INTERNET.nodes["alder-resolver"].addresses,
        "elm-street": INTERNET.anycast["openwell"].addresses,
    }


def test_one_edge_may_be_anycast_too() -> None:
    plan = compiled("""
name: x
as: {a: {asn: 64501}}
dns: {as: a}
zones: {example.com: {}}
cdns: {c: {as: a, steering: anycast, edges: {edge: a}}}
datacenters: {shop: {as: a}}
sites: {www.example.com: {origin: shop, cdn: c}}
""")
    assert plan.anycast["c"].instances == ("edge",)
    assert plan.nodes["edge"].anycast == plan.anycast["c"].addresses


@pytest.mark.parametrize(("routers", "shared"), [("[r1]", False), ("[r1, r2]", True)])
def test_a_name_server_at_one_router_shares_its_address_with_nobody(
    routers: str, shared: bool
) -> None:
    plan = compiled(f"""
name: x
as: {{a: {{asn: 64501, routers: [r1, r2]}}}}
dns: {{as: a, root: {{servers: {{root: {routers}}}}}}}
zones: {{example.com: {{}}}}
""")
    assert bool(plan.anycast) == shared
