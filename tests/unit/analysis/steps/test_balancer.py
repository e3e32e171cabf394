"""What the load balancer chose."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import balancer
from orchestrator.analysis.story import Story
from orchestrator.plan.services import Backend, BalancerSettings
from tests.unit.analysis.builders import VISIT, at
from tests.unit.analysis.shopping import ID, Shop, answers1, asks1, cached, logged_only, missed


def steps(story: Story) -> list[Step]:
    return list(balancer.TELLER.tell(story))


def with_backends(shop: Shop, *, web: int, apps: int) -> Shop:
    """The shop with more servers than the smallest lab has."""
    node = shop.plan.nodes["shop-lb"]
    servers = [Backend(f"server{n}", IPv4Address("10.0.0.2"), 8080) for n in range(9)]
    settings = BalancerSettings(tuple(servers[:web]), tuple(servers[:apps]), ())
    nodes = {**shop.plan.nodes, "shop-lb": replace(node, settings=settings)}
    shop.plan = replace(shop.plan, nodes=nodes)
    return shop


def test_backend_server_and_timers_are_told() -> None:
    (step,) = steps(missed().story())
    assert step.title == "shop-lb chooses shop-app1"
    assert (
        "takes the backend “apps”, which is the only one, and shop-app1, its only server"
        in step.told
    )
    assert "4 ms until the server answered, 4 ms in all" in step.told
    assert step.nodes == ("shop-lb", "shop-app1")
    assert (step.start_ns, step.end_ns) == (at(77.0), at(82.3))
    assert step.details["server_ms"] == 4


def test_of_several_servers_it_takes_one_after_the_other() -> None:
    (step,) = steps(with_backends(missed(), web=1, apps=2).story())
    assert "since the path is not under /static/" in step.told
    assert "in turn (round robin over 2 servers)" in step.told


def test_a_path_under_static_goes_to_the_web_servers() -> None:
    shop = with_backends(
        Shop(replace(VISIT, url="https://www.example.com/static/a.png")), web=1, apps=1
    )
    shop.opens(0, "edge", "3fff:0:c000:0:4c:ff:fe06:0", "3fff:1:4000::9", (40000, 443))
    shop.edge_logs(50, "MISS", request="GET /static/a.png HTTP/2.0")
    line = "198.18.5.9:1 [x] public web/shop-web1 0/0/-1/-1/3 200 9 - - ---- 1/1/0/0/0 0/0"
    shop.logged("shop-lb", 40, f'{line} {{{ID}}} "GET /static/a.png HTTP/1.1"')
    (step,) = steps(shop.story())
    assert (
        "“web”, since /static/a.png begins with /static/, and shop-web1, its only server"
        in step.told
    )
    # -1 is how HAProxy says that it did not come so far.
    assert "connect_ms" not in step.details
    assert step.start_ns == at(37)


def test_a_server_that_was_asked_before_in_vain_is_told() -> None:
    """HAProxy's queue timer holds the time that went by with it, and its count has a plus where it
    went on to another server."""
    for count, told in (("+1", "It had asked others once before"), ("2", "It had asked 2 times")):
        shop = with_backends(Shop(), web=0, apps=2)
        shop.opens(0, "edge", "3fff:0:c000:0:4c:ff:fe06:0", "3fff:1:4000::9", (40000, 443))
        shop.edge_logs(50, "MISS")
        line = "198.18.5.9:1 [x] public apps/server2 0/4004/0/2/4006 200 51 - -"
        rest = f"---- 2/2/0/0/{count} 0/0 {{{ID}}}"
        shop.logged("shop-lb", 40, f'{line} {rest} "GET / HTTP/1.1"')
        (step,) = steps(shop.story())
        assert told in step.told
    assert "It had asked" not in steps(missed().story())[0].told


def test_the_packet_to_the_server_and_the_log_prove_it() -> None:
    (step,) = steps(missed().story())
    shown = {(p.file, p.number): p.shows for p in step.proofs}
    assert "ip.dst == 10.0.0.2" in shown[("shop-lb.pcapng", 2)]
    assert shown[("logs/shop-lb.log", 1)] == "apps/shop-app1 0/0/0/4/4 200 3100"
    assert shown[("shop-lb.pcapng", 4)] == 'http.response.line contains "x-balancer: shop-lb"'


def without_servers() -> Shop:
    shop = Shop()
    shop.opens(0, "edge", "3fff:0:c000:0:4c:ff:fe06:0", "3fff:1:4000::9", (40000, 443))
    shop.edge_logs(50, "MISS", status=503)
    line = "198.18.5.9:1 [x] public apps/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0"
    shop.logged("shop-lb", 40, f'{line} {{{ID}}} "GET / HTTP/1.1"')
    return shop


def test_without_a_server_it_answers_itself() -> None:
    (step,) = steps(without_servers().story())
    assert "server" not in step.details
    assert step.title == "shop-lb has no server to ask"
    assert "answers 503 itself" in step.told
    assert step.nodes == ("shop-lb",)


def test_a_connection_closed_without_a_byte_is_no_answer() -> None:
    """Seen: "answers 503 itself", of a line with no bytes: HAProxy leaves it to its client to ask
    again where a kept connection to a server has broken."""
    shop = Shop()
    shop.opens(0, "edge", "3fff:0:c000:0:4c:ff:fe06:0", "3fff:1:4000::9", (40000, 443))
    shop.edge_asks_in_vain()
    shop.edge_logs(50, "MISS", status=502)
    (step,) = steps(shop.story())
    assert step.told.endswith("and closes the connection without an answer.")


def test_it_needs_no_keys() -> None:
    with_keys, without = steps(missed().story()), steps(logged_only().story())
    assert without[0].told == with_keys[0].told


def test_a_hit_never_comes_so_far() -> None:
    assert steps(cached().story()) == []


def test_servers_that_are_not_well_are_why() -> None:
    """As where the database is down: the applications run, and say so when they are asked."""
    shop, to, back = without_servers(), ("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1")
    check = {**asks1("/healthz"), "http.request.line": ()}
    shop.tcp("shop-lb", 10, *to, (50001, 8080), check, "http")
    shop.tcp("shop-lb", 12, *back, (8080, 50001), answers1(503), "http")
    (step,) = steps(shop.story())
    assert step.told.endswith("Asked how it is, shop-app1 answers 503.")
    assert (step.proofs[-1].file, step.proofs[-1].shows) == (
        "shop-lb.pcapng",
        "http.response.code == 503",
    )
