"""The looking glass: ways put together from verdicts, choices explained, sessions summed up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from orchestrator.errors import DeployError, UsageError
from orchestrator.looking_glass.choice import explain, name_community
from orchestrator.looking_glass.targets import find_target, resolve
from orchestrator.looking_glass.walk import Walker, Way, difference
from orchestrator.plan.hops import Wires, is_held, leased_to
from orchestrator.plan.model import Interface
from orchestrator.plan.routing import RouterSettings
from orchestrator.runtime.daemons.rib import RibRoute
from orchestrator.runtime.daemons.sessions import Adjacency, Bird, Session
from orchestrator.runtime.kernel.fib import Flow, NextHop, Packet, Verdict
from orchestrator.runtime.links.state import LinkState
from orchestrator.verbs.bgp import summary_of
from tests.unit.compile.texts import compiled

PLAN = compiled("""
name: triangle
as:
  isp: {asn: 64501, routers: [core, far], providers: [top]}
  top: {asn: 64502}
  cloud: {asn: 64503, providers: [top, {as: isp, there: far}]}
homes:
  home: {isp: isp, router: core, hosts: [laptop, phone]}
dns: {as: cloud}
zones:
  example.com:
    as: cloud
    records: [{owner: alias, type: CNAME, value: www}, {owner: "@", type: A, value: 198.18.9.7}]
cdns:
  cdn: {as: cloud, edges: {edge: cloud}}
datacenters:
  shop: {as: cloud, web: 0, apps: 1}
sites:
  www.example.com: {origin: shop, cdn: cdn}
""")
EDGE, LAPTOP, WAN = (
    ip_address("198.18.9.9"),
    leased_to(PLAN.nodes["laptop"])[0],
    leased_to(PLAN.nodes["home-gw"])[0],
)
# Who sends what to whom next: out by top, back by far.
OUT = {"laptop": "home-gw", "home-gw": "core", "core": "top", "top": "cloud", "cloud": "edge"}
BACK = {"edge": "cloud", "cloud": "far", "far": "core", "core": "home-gw", "home-gw": "laptop"}


class Kernels:
    """Nodes that send packets on to whom a test says; what is their own they keep."""

    def __init__(self, routes: Mapping[str, Mapping[str, str]]) -> None:
        """``routes`` maps a destination to each node's next one."""
        self.routes = routes
        self.seen: list[tuple[str, Packet]] = []

    def __call__(self, name: str, packet: Packet) -> Verdict:
        self.seen.append((name, packet))
        node = PLAN.nodes[name]
        source = (*leased_to(node), *node.addresses)[0]
        if is_held(node, packet.target):
            return Verdict("local", source=source)
        receiver = self.routes[str(packet.target)].get(name)
        if receiver is None:
            return Verdict("unreachable", ip_network("198.18.8.0/22"), "bird")
        port, via = meeting(name, receiver)
        return Verdict("unicast", chosen=NextHop(via.link_local, port.index), source=source)


def meeting(sender: str, receiver: str) -> tuple[Interface, Interface]:
    """The interfaces by which two neighbours see each other."""
    for port in PLAN.nodes[sender].interfaces:
        for step in Wires(PLAN).neighbours(sender, port):
            if step[-1].receiver == receiver:
                ports = PLAN.nodes[receiver].interfaces
                return port, next(p for p in ports if p.link == step[-1].link.name)
    raise AssertionError(f"{sender} and {receiver} are no neighbours")


def walked(
    routes: Mapping[str, Mapping[str, str]], links: Mapping[str, LinkState] | None = None
) -> tuple[Walker, Way, Kernels]:
    kernels = Kernels(routes)
    walker = Walker(PLAN, kernels, links or {})
    return walker, walker.there("laptop", EDGE, Flow()), kernels


ROUTES = {str(EDGE): OUT, str(WAN): BACK, str(LAPTOP): BACK}


# ── ways ──────────────────────────────────────────────────────────────────────


def test_a_way_ends_where_the_target_is() -> None:
    _, there, _ = walked(ROUTES)
    assert there.nodes == ("laptop", "home-gw", "core", "top", "cloud", "edge")
    assert there.reached
    assert there.systems == (64501, 64502, 64503)


def test_each_node_is_asked_about_the_packet_as_it_comes_in() -> None:
    _, there, _ = walked(ROUTES)
    for before, hop in zip(there.hops, there.hops[1:], strict=False):
        port, entrance = meeting(before.node, hop.node)
        assert (before.interface, hop.packet.interface) == (port.name, entrance.index)


def test_the_gateway_puts_its_own_address_in() -> None:
    _, there, kernels = walked(ROUTES)
    sources = [hop.packet.source for hop in there.hops]
    assert sources == [LAPTOP, LAPTOP, WAN, WAN, WAN, WAN]
    assert there.hops[1].notes == (f"NAT: from {LAPTOP} to {WAN}",)
    # That address is the kernel's choice for what is sent from the gateway itself.
    assert ("home-gw", Packet(EDGE, None, Flow())) in kernels.seen


def test_the_way_back_goes_to_the_address_that_is_seen_and_then_to_who_sent() -> None:
    walker, there, _ = walked(ROUTES)
    back = walker.back(there)
    assert back.nodes == ("edge", "cloud", "far", "core", "home-gw", "laptop")
    assert [hop.packet.target for hop in back.hops] == [WAN] * 4 + [LAPTOP] * 2
    assert {hop.packet.source for hop in back.hops} == {EDGE}
    assert back.hops[0].packet.flow == Flow("tcp", 443, 40000)
    assert back.hops[4].notes == (f"NAT: to {WAN} becomes to {LAPTOP}",)


def test_a_way_back_through_other_ases_is_told() -> None:
    walker, there, _ = walked(ROUTES)
    told = difference(there, walker.back(there))
    assert told == "the way back is another: it crosses the ASes 64503 64501"


def test_the_same_way_back_is_no_difference() -> None:
    same = {receiver: sender for sender, receiver in OUT.items()}
    walker, there, _ = walked({**ROUTES, str(WAN): same, str(LAPTOP): same})
    assert difference(there, walker.back(there)) == ""


def test_a_route_that_refuses_ends_the_way() -> None:
    short = {node: receiver for node, receiver in OUT.items() if node != "cloud"}
    _, there, _ = walked({str(EDGE): short})
    assert there.nodes[-1] == "cloud"
    told = f"cloud drops packets to {EDGE}: unreachable (198.18.8.0/22 of bird)"
    assert there.problem == told


def test_a_loop_is_told() -> None:
    _, there, _ = walked({str(EDGE): {**OUT, "top": "core"}})
    assert there.nodes == ("laptop", "home-gw", "core", "top", "core")
    assert there.problem == f"packets to {EDGE} go in circles at core"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (LinkState("veth", down=True), "core--top is down on the way to top"),
        (LinkState("veth", blackholes=("ab",)), "core--top swallows frames on the way to top"),
        (LinkState("veth", blackholes=("ba",)), ""),
    ],
)
def test_a_cut_link_ends_the_way_in_its_direction(state: LinkState, told: str) -> None:
    assert PLAN.links["core--top"].a.node == "core"
    _, there, _ = walked(ROUTES, {"core--top": state})
    assert there.problem == told


def test_a_node_that_does_not_run_ends_the_way() -> None:
    kernels = Kernels(ROUTES)

    def ask(name: str, packet: Packet) -> Verdict:
        if name == "top":
            raise DeployError("top does not run", "a hint")
        return kernels(name, packet)

    there = Walker(PLAN, ask).there("laptop", EDGE, Flow())
    assert (there.nodes[-1], there.problem) == ("core", "top does not run")


def test_who_sends_to_itself_arrives_at_once() -> None:
    walker = Walker(PLAN, Kernels(ROUTES))
    there = walker.there("edge", EDGE, Flow())
    assert (there.nodes, walker.back(there).nodes) == (("edge",), ("edge",))


# ── targets ───────────────────────────────────────────────────────────────────


def test_a_name_is_a_node_or_an_address_or_a_host() -> None:
    laptop = PLAN.nodes["laptop"]
    assert find_target(PLAN, "edge", laptop) is PLAN.nodes["edge"]
    assert find_target(PLAN, "3fff::1", laptop) == (ip_address("3fff::1"),)
    front = PLAN.nodes["edge"].addresses
    assert find_target(PLAN, "www.example.com", laptop) == front


def test_names_resolve_over_aliases_and_at_the_apex() -> None:
    laptop = PLAN.nodes["laptop"]
    assert resolve(PLAN, "Alias.example.com.", laptop) == PLAN.nodes["edge"].addresses
    assert resolve(PLAN, "example.com", laptop) == (ip_address("198.18.9.7"),)
    assert resolve(PLAN, "nobody.example.com", laptop) == ()


def test_a_name_that_is_not_there_has_a_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        find_target(PLAN, "www.exmaple.com", PLAN.nodes["laptop"])
    assert caught.value.hint == "did you mean 'www.example.com'?"


# ── choices ───────────────────────────────────────────────────────────────────

CLOUD = PLAN.systems[64503].prefixes[0]
BORDER = RibRoute(
    prefix=CLOUD,
    kind="unicast",
    source="BGP",
    session="to_cloud",
    since="",
    best=True,
    teller=None,
    hops=(),
    preference=100,
    metric=None,
    as_path=(64503,),
    next_hop=ip_address("198.18.2.9"),
    local_pref=300,
    med=None,
    communities=((64501, 1, 1),),
    originator=None,
    clusters=(),
)
BY_TOP = replace(
    BORDER,
    session="ibgp_core",
    best=False,
    as_path=(64502, 64503),
    next_hop=ip_address("198.18.0.1"),
    metric=10,
    local_pref=100,
    communities=((64501, 1, 3),),
)


def test_the_best_route_says_on_what_it_won() -> None:
    choice = explain(PLAN, "far", EDGE, [BORDER, BY_TOP])
    assert choice.best is BORDER
    assert choice.why == "higher local preference: customer 300 > provider 100"
    assert [candidate.reason for candidate in choice.candidates] == ["", choice.why]
    assert choice.planned == ""


def test_what_the_plan_expects_is_told_where_bird_has_another() -> None:
    choice = explain(PLAN, "far", EDGE, [replace(BY_TOP, best=True)])
    assert (choice.why, choice.planned) == ("the only way", "plan: 64503, told by cloud")
    assert explain(PLAN, "far", EDGE, []).planned == "plan: 64503, told by cloud"


def test_the_same_route_told_twice_is_no_other_way() -> None:
    again = replace(BORDER, session="ibgp_core", best=False, metric=10)
    choice = explain(PLAN, "far", EDGE, [BORDER, again])
    assert choice.candidates[1].reason == "eBGP before iBGP"
    assert choice.why == "the only way"


def test_bird_goes_its_own_way_if_our_rules_choose_another() -> None:
    routes = [replace(BY_TOP, best=True), replace(BORDER, best=False)]
    assert explain(PLAN, "far", EDGE, routes).why == "BIRD's own choice"


def test_other_protocols_go_before_bgp() -> None:
    static = replace(BORDER, source="static", session="originated4", preference=200)
    choice = explain(PLAN, "cloud", EDGE, [static, replace(BY_TOP, session="to_top")])
    assert choice.candidates[1].reason == "BIRD's preference: static 200 > 100"
    assert choice.planned == ""
    interior = replace(BORDER, source="OSPF", session="interior4", metric=20)
    assert explain(PLAN, "far", EDGE, [interior]).why == "OSPF cost 20"


def test_communities_have_their_meaning_beside_them() -> None:
    assert name_community((64501, 1, 3)) == "64501:1:3 provider"
    assert name_community((65535, 65281)) == "65535:65281 no-export"
    assert name_community((64501, 7)) == "64501:7"


# ── sessions ──────────────────────────────────────────────────────────────────


def birds() -> Iterator[tuple[str, Bird]]:
    """BIRDs that have all that the plan wants."""
    for node in PLAN.nodes.values():
        if isinstance(node.settings, RouterSettings):
            names = [session.name for session in node.settings.sessions]
            told = {n: Session(n, "BGP", "Established", "12:00", "", 3, 2, 1) for n in names}
            ports = [port.interface for port in node.settings.ospf if not port.stub]
            near = [
                Adjacency(f"interior{family}", "198.18.0.1", port, "Full/PtP")
                for family in (4, 6)
                for port in ports
            ]
            yield node.name, Bird(told, {}, tuple(near), 0)


def test_all_is_up_where_bird_has_what_the_plan_wants() -> None:
    summary = summary_of(PLAN, dict(birds()))
    assert summary.all_up
    assert len(summary.bgp) == sum(len(bird.sessions) for _, bird in birds())
    row = next(row for row in summary.bgp if row.session.name == "to_cloud_v6")
    assert (row.node, row.neighbour, row.family) == ("far", "cloud", 6)
    assert (row.relation, row.session.imported, row.session.best) == ("customer", 3, 1)
    assert {(row.node, row.neighbour) for row in summary.ospf} == {("core", "far"), ("far", "core")}


def test_what_is_missing_or_does_not_answer_is_down() -> None:
    told: dict[str, Bird | str] = dict(birds())
    told |= {"top": "the node does not run", "far": Bird({}, {}, (), 0)}
    summary = summary_of(PLAN, told)
    assert not summary.all_up
    down = {row.node: row.session for row in summary.bgp if not row.session.is_up}
    assert set(down) == {"top", "far"}
    assert (down["top"].state, down["top"].error) == ("unknown", "the node does not run")
    assert down["far"].state == "missing"
    assert {row.state for row in summary.ospf if row.node == "far"} == {"missing"}


def test_a_session_that_a_limit_shuts_is_well_when_it_is_down() -> None:
    """Both ends, each as BIRD has it; were it up, that would not be as planned."""
    plan = compiled(LIMITED)
    down = {
        "up": Session("to_down", "BGP", "down", "", "Automatic shutdown: Route limit exceeded"),
        "down": Session("to_up", "BGP", "Active", "", "Socket: Connection refused"),
    }

    def told(v4: dict[str, Session]) -> dict[str, Bird | str]:
        six = {n: Session(f"{s.name}_v6", "BGP", "Established", "", "") for n, s in down.items()}
        return {n: Bird({s.name: s, six[n].name: six[n]}, {}, (), 0) for n, s in v4.items()}

    summary = summary_of(plan, told(down))
    assert summary.all_up
    assert [row.shut for row in summary.bgp] == [row.family == 4 for row in summary.bgp]
    up = {name: replace(session, state="Established") for name, session in down.items()}
    assert not summary_of(plan, told(up)).all_up


LIMITED = """
name: limited
as:
  up: {asn: 64501}
  down:
    asn: 64502
    announces: [203.0.113.0/24]
    providers: [{as: up, theirs: {limit: 1}}]
"""
