"""A router's whole forwarding table, computed from the plan."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from orchestrator.routes.fib_table import holders, planned_table
from orchestrator.routes.forwarding import ForwardingPlane
from tests.unit.compile.texts import compiled

PLAN = compiled("""
name: two
as:
  isp: {asn: 64501, routers: [ber, fra, muc]}
  far: {asn: 64502, routers: [nyc], providers: [{as: isp, here: nyc, there: fra}]}
""")
PLANE = ForwardingPlane(PLAN)


def table(router: str) -> dict[str, set[tuple[str, str]]]:
    found = planned_table(PLANE, PLAN.nodes[router])
    return {str(prefix): set(ways) for prefix, ways in found.items()}


def port(router: str, neighbour: str) -> str:
    ends = [(link.a, link.b) for link in PLAN.links.values()]
    [pair] = [pair for pair in ends if {router, neighbour} == {end.node for end in pair}]
    return next(end.interface for end in pair if end.node == router)


def test_what_others_announce_goes_to_the_border() -> None:
    [prefix] = [str(p) for p in PLAN.systems[64502].prefixes if p.version == 4]
    assert table("fra")[prefix] == {(port("fra", "nyc"), "nyc")}
    assert table("ber")[prefix] == {(port("ber", "fra"), "fra")}


def test_ones_own_prefix_is_refused_where_nothing_longer_is_known() -> None:
    [prefix] = [str(p) for p in PLAN.systems[64501].prefixes if p.version == 4]
    assert table("ber")[prefix] == set()
    assert table("nyc")[prefix] == {(port("nyc", "fra"), "fra")}


def test_loopbacks_are_known_inside_and_own_ones_are_left_out() -> None:
    [loopback] = [str(ip_network(a)) for a in PLAN.nodes["muc"].loopbacks if a.version == 4]
    assert table("ber")[loopback] == {(port("ber", "muc"), "muc")}
    assert loopback not in table("muc")
    assert loopback not in table("nyc")


def test_links_are_direct_at_their_ends() -> None:
    [entry] = [
        e for e in PLAN.nodes["ber"].interface(port("ber", "fra")).addresses if e.version == 4
    ]
    assert table("ber")[str(entry.network)] == {(port("ber", "fra"), "")}


def test_holders_know_link_local_addresses_too() -> None:
    interface = PLAN.nodes["ber"].interfaces[0]
    known = holders(PLAN)
    assert known[interface.link_local] == "ber"
    assert known[interface.addresses[0].ip] == "ber"
    assert ip_address("192.0.2.1") not in known
