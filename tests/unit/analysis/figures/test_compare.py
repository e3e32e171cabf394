from __future__ import annotations

from orchestrator.analysis.figures.compare import compare_journeys
from tests.unit.analysis.journeys import journey, step

MISS = step("dns_cache", "laptop home-gw", 1, 50, title="home-gw must ask for www.example.com")
ASKS = step("dns_cache", "home-gw resolver", 2, 49)
ROOT = step("dns_query", "resolver root-a", 3, 10)
HIT = step("dns_cache", "laptop home-gw", 1, 2, title="home-gw has it", saved="a question")
TCP = step("tcp", "laptop edge", 60, 70)
LATER_TCP = step("tcp", "laptop edge", 5, 16)


def test_a_saving_takes_along_what_was_done_meanwhile() -> None:
    found = compare_journeys(journey(MISS, ASKS, ROOT, TCP), journey(HIT, LATER_TCP))
    (saving,) = found.savings
    assert (saving.by, saving.instead, saving.gone) == (HIT, MISS, (ASKS, ROOT))
    assert (found.gone, found.new) == ((), ())


def test_what_was_saved_both_times_is_no_difference() -> None:
    assert compare_journeys(journey(HIT), journey(HIT)).savings == ()


def test_what_nothing_explains_is_gone_or_new() -> None:
    nat, arp = step("nat", "home-gw", 0, 0), step("neighbour", "laptop home-gw", 0, 1)
    found = compare_journeys(journey(nat, TCP), journey(LATER_TCP, arp))
    assert (found.savings, found.gone, found.new) == ((), (nat,), (arp,))


def test_the_other_way_round_it_is_no_longer_saved() -> None:
    found = compare_journeys(journey(HIT, LATER_TCP), journey(MISS, ASKS, ROOT, TCP))
    (lost,) = found.lost
    assert (lost.by, lost.instead, lost.gone) == (HIT, MISS, (ASKS, ROOT))
    assert (found.savings, found.gone, found.new) == ((), (), ())


def test_two_of_the_same_are_two() -> None:
    found = compare_journeys(journey(ROOT, ROOT, TCP), journey(ROOT))
    assert found.gone == (ROOT, TCP)


def test_a_saving_may_be_of_one_node_alone() -> None:
    """What replaced a lease is the lease that is still there, at the same node; the shorter part
    of the old conversation is gone with it."""
    release = step("dhcp", "laptop", 0, 1, title="laptop gives 192.168.1.100 back")
    lease = step("dhcp", "laptop home-gw", 2, 30, title="laptop leases 192.168.1.100")
    kept = step("dhcp", "laptop", 0, 0, title="laptop has 192.168.1.100", saved="four messages")
    (saving,) = compare_journeys(journey(release, lease), journey(kept)).savings
    assert (saving.instead, saving.gone) == (lease, (release,))


def test_where_both_saved_something_the_quicker_one_saved_more() -> None:
    miss = step("edge", "edge shop", 1, 90, title="edge: MISS", saved="a TCP handshake")
    hit = step("edge", "edge", 1, 2, title="edge: HIT", saved="the way to the origin")
    found = compare_journeys(journey(miss), journey(hit))
    assert [(saving.by, saving.instead) for saving in found.savings] == [(hit, miss)]
    assert (found.lost, found.gone, found.new) == ((), (), ())


def test_each_saving_has_its_own_counterpart_by_title() -> None:
    names = ("home-gw (IPv4)", "home-gw (IPv6)")
    asked = [step("neighbour", "laptop home-gw", 0, 1, title=f"learns {n}") for n in names]
    known = [
        step("neighbour", "laptop home-gw", 0, 0, title=f"knows {n}", saved="ARP") for n in names
    ]
    savings = compare_journeys(journey(*asked), journey(*reversed(known))).savings
    assert [(saving.by, saving.instead) for saving in savings] == [
        (known[1], asked[1]),
        (known[0], asked[0]),
    ]


def test_what_is_told_together_is_not_told_one_by_one_again() -> None:
    whole = step("resources", "laptop edge", 80, 200, saved="2 requests")
    parts = [step("resource", "laptop edge", 80, 90, saved="a request") for _ in range(2)]
    before = [step("resources", "laptop edge", 80, 300), step("resource", "laptop edge", 80, 200)]
    (saving,) = compare_journeys(journey(*before), journey(whole, *parts)).savings
    assert (saving.by, saving.instead, saving.gone) == (whole, before[0], ())


def test_what_a_first_visit_that_failed_never_did_was_instead_of_nothing() -> None:
    (saving,) = compare_journeys(journey(), journey(HIT)).savings
    assert (saving.by, saving.instead, saving.gone) == (HIT, None, ())


def test_both_are_counted() -> None:
    found = compare_journeys(journey(MISS, ASKS, ROOT, TCP), journey(HIT, LATER_TCP))
    assert found.first_round_trips.by_kind == {"dns_cache": 2, "dns_query": 1, "tcp": 1}
    assert found.second_round_trips.total == 2
