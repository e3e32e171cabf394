"""Which interfaces are captured."""

from __future__ import annotations

from orchestrator.capture.taps import choose_taps, every_tap
from tests.unit.compile.texts import compiled

PLAN = compiled("""
name: triangle
as: {isp: {asn: 64501, routers: [ber, fra, muc]}}
""")
NAMESPACES = {name: f"/run/netns/{name}" for name in PLAN.nodes}


def chosen(*nodes: str, links: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    taps = choose_taps(PLAN, NAMESPACES, nodes, [PLAN.links[name] for name in links])
    assert [tap.netns for tap in taps] == [NAMESPACES[tap.node] for tap in taps]
    return {tap.node: tap.interfaces for tap in taps}


def test_everything_is_every_interface_of_what_runs() -> None:
    every = {tap.node: tap.interfaces for tap in every_tap(PLAN, NAMESPACES)}
    assert every == {n.name: tuple(i.name for i in n.interfaces) for n in PLAN.nodes.values()}
    assert [tap.node for tap in every_tap(PLAN, {"ber": NAMESPACES["ber"]})] == ["ber"]


def test_a_node_is_all_its_interfaces() -> None:
    assert chosen("fra") == {"fra": tuple(i.name for i in PLAN.nodes["fra"].interfaces)}


def test_a_link_is_its_two_ends() -> None:
    link = PLAN.links["ber--fra"]
    ends = {end.node: (end.interface,) for end in (link.a, link.b)}
    assert chosen(links=("ber--fra",)) == ends


def test_what_is_named_twice_is_captured_once() -> None:
    both = chosen("ber", "ber", links=("ber--fra",))
    assert both["ber"] == chosen("ber")["ber"]
    assert len(both["fra"]) == 1
