"""What each link of a plan does: distance, profiles, what is written, and in which direction.

Not called test_wires.py because spec has one, and pytest wants names once.
"""

from __future__ import annotations

import pytest

from orchestrator.compile.wires import ETHERNET_HEADER, find_nonsense
from orchestrator.errors import PlanError
from orchestrator.plan.impairment import (
    CLEAR,
    LOSSLESS,
    Bernoulli,
    GilbertElliott,
    Impairment,
    Nth,
    Queue,
)
from orchestrator.plan.model import Link
from tests.unit.compile.texts import compiled

# 421.7 km by the haversine formula: half the angle's sine squared is 0.001095, so the angle is
# 0.06620, times 6371 km. Light makes 199.86 km of glass a millisecond,
# and a cable is half as long again as the great circle.
BERLIN_FRANKFURT_MS = pytest.approx(421.7 * 1.5 / 199.86, abs=0.001)

TWO = """
name: two
as: {isp: {asn: 64501, routers: {ber: {at: Berlin}, fra: {at: Frankfurt}}}}
"""
HOME = """
name: home
as: {isp: {asn: 64501, at: Berlin}}
dns: {as: isp}
homes: {home: {isp: isp, hosts: [pc], access: %s}}
"""


def wired(text: str) -> Link:
    """The link between Berlin and Frankfurt, with something written of it."""
    return compiled(f"{TWO}wires: {{ber--fra: {text}}}\n").links["ber--fra"]


def line(access: str, wires: str = "") -> Link:
    """A home's line with this access; its home stands where its router does."""
    return compiled(HOME % access + wires).links["isp--home-gw"]


# ── delay ─────────────────────────────────────────────────────────────────────


def test_distance_gives_the_delay() -> None:
    link = compiled(TWO).links["ber--fra"]
    assert link.ab == link.ba == Impairment(delay_ms=3.165)
    assert link.ab.delay_ms == BERLIN_FRANKFURT_MS


def test_what_stands_nowhere_is_near() -> None:
    link = compiled("name: x\nas: {isp: {asn: 64501, routers: [a, b]}}\n").links["a--b"]
    assert link.ab.is_none
    assert link.ba.is_none


def test_delay_replaces_the_distance() -> None:
    assert wired("{delay: 7 ms}").ab == wired("{delay: 7 ms}").ba == Impairment(delay_ms=7)
    assert wired("{delay: 0 ms}").ab.is_none


def test_a_profile_comes_on_top_of_the_distance() -> None:
    link = wired("{profile: cable}")
    assert link.ab == Impairment(delay_ms=17.165, rate_bps=5_000_000)
    assert link.ba == Impairment(delay_ms=17.165, rate_bps=1_000_000)


def test_what_is_written_goes_before_the_profile() -> None:
    link = wired("{profile: wifi, delay: 9 ms, jitter: 0 ms, rate: 1 Mbit/s}")
    assert link.ab == link.ba == Impairment(delay_ms=9, rate_bps=1_000_000)


# ── directions ────────────────────────────────────────────────────────────────


def test_there_and_back_differ_in_what_they_say() -> None:
    link = wired("{delay: 5 ms, loss: 1 %, there: {delay: 6 ms}, back: {nth: 3, rate: 1 Mbit/s}}")
    assert link.ab == Impairment(delay_ms=6, loss=Bernoulli(0.01))
    assert link.ba == Impairment(delay_ms=5, loss=Nth(3), rate_bps=1_000_000)


def test_one_direction_alone_leaves_the_other() -> None:
    link = wired("{back: {delay: 20 ms}}")
    assert (link.ab.delay_ms, link.ba.delay_ms) == (3.165, 20)


@pytest.mark.parametrize(
    ("profile", "down_bps", "up_bps"),
    [
        ("fibre", 20_000_000, 5_000_000),
        ("cable", 5_000_000, 1_000_000),
        ("dsl", 1_500_000, 384_000),
        ("wifi", 65_000_000, 65_000_000),
        ("lte", 12_000_000, 12_000_000),
        ("satellite", 25_000_000, 3_000_000),
    ],
)
def test_down_is_towards_the_home(profile: str, down_bps: int, up_bps: int) -> None:
    link = line(profile)
    assert (link.a.node, link.b.node) == ("isp", "home-gw")
    assert (link.ab.rate_bps, link.ba.rate_bps) == (down_bps, up_bps)


# ── where it is written ───────────────────────────────────────────────────────


def test_a_name_says_more_of_a_line_and_leaves_the_rest() -> None:
    link = line("{profile: cable, queue: 9 packets}", "wires: {isp--home-gw: {rate: unlimited}}")
    assert link.ab == link.ba == Impairment(delay_ms=14, queue=Queue(9))


def test_a_second_profile_takes_the_place_of_the_first() -> None:
    """Delays of profiles come on top of the distance, not of each other."""
    link = line("wifi", "wires: {isp--home-gw: {profile: dsl}}")
    assert link.ab == Impairment(delay_ms=25, rate_bps=1_500_000)


def test_a_link_by_hand() -> None:
    link = compiled("""
name: x
as: {isp: {asn: 64501, at: Berlin}}
nodes: {pc: {role: host, at: Frankfurt}}
links: [{ends: [pc, isp], mtu: 9000, queue: 64 kB, back: {loss: {p: 1 %, r: 20 %}}}]
""").links["pc--isp"]
    assert link.mtu == 9000
    assert link.ab == Impairment(delay_ms=3.165, queue=Queue(64_000, "bytes"))
    assert link.ba == link.ab.changed(loss=GilbertElliott(0.01, 0.2))


@pytest.mark.parametrize("relation", ["providers", "peers"])
def test_a_relation(relation: str) -> None:
    """There is from who wrote it to whom it names."""
    link = compiled(f"""
name: x
as:
  one: {{asn: 64501, at: Berlin}}
  two: {{asn: 64502, at: Berlin, {relation}: [{{as: one, wire: {{there: {{delay: 3 ms}}}}}}]}}
""").links["two--one"]
    assert (link.ab.delay_ms, link.ba.delay_ms) == (3, 0)


def test_a_member_of_an_exchange() -> None:
    """There is from the member to the switch; other members' lines stay as they are."""
    plan = compiled("""
name: x
as: {one: {asn: 64501, at: Berlin}, two: {asn: 64502, at: Berlin}}
ixps: {ix: {members: [{as: one, wire: {there: {rate: 1 Mbit/s}, delay: 1 ms}}, two]}}
""")
    assert plan.links["one--ix"].ab == Impairment(delay_ms=1, rate_bps=1_000_000)
    assert plan.links["one--ix"].ba == Impairment(delay_ms=1)
    assert plan.links["two--ix"].ab == CLEAR


# ── values ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "impairment"),
    [
        ("{loss: 1 %}", Impairment(loss=Bernoulli(0.01))),
        ("{loss: 0 %}", Impairment(loss=LOSSLESS)),
        ("{loss: {p: 1 %, r: 20 %}}", Impairment(loss=GilbertElliott(0.01, 0.2))),
        ("{loss: {p: 1 %, r: 1 %, good: 2 %}}", Impairment(loss=GilbertElliott(0.01, 0.01, 0.02))),
        ("{nth: 10}", Impairment(loss=Nth(10))),
        ("{reorder: 1 %, corrupt: 3 %}", Impairment(reorder=0.01, corrupt=0.03)),
        ("{duplicate: 2 %}", Impairment(duplicate=0.02)),
        (
            "{distribution: normal, correlation: 5 %}",
            Impairment(distribution="normal", correlation=0.05),
        ),
        ("{queue: 1 packet}", Impairment(queue=Queue(1))),
        ("{rate: 5 Gbit/s}", Impairment(rate_bps=5_000_000_000)),
        ("{rate: unlimited}", CLEAR),
    ],
)
def test_every_key(text: str, impairment: Impairment) -> None:
    assert wired(text).ab == impairment.changed(delay_ms=3.165)


def test_a_later_loss_takes_the_place_of_an_earlier() -> None:
    assert line("{loss: 1 %}", "wires: {isp--home-gw: {nth: 2}}").ab.loss == Nth(2)
    assert line("{nth: 2}", "wires: {isp--home-gw: {loss: 0 %}}").ab.loss == LOSSLESS


# ── nonsense ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("impairment", "keys"),
    [
        (CLEAR, []),
        (Impairment(delay_ms=5, jitter_ms=5), []),
        (Impairment(delay_ms=5, jitter_ms=5.1), ["jitter"]),
        (Impairment(rate_bps=8 * (1500 + ETHERNET_HEADER)), []),
        (Impairment(rate_bps=8 * (1500 + ETHERNET_HEADER) - 1), ["rate"]),
        (Impairment(queue=Queue(1500 + ETHERNET_HEADER, "bytes")), []),
        (Impairment(queue=Queue(1500 + ETHERNET_HEADER - 1, "bytes")), ["queue"]),
        (Impairment(queue=Queue(1)), []),
        (Impairment(jitter_ms=1, rate_bps=1, queue=Queue(1, "bytes")), ["jitter", "rate", "queue"]),
    ],
)
def test_nonsense_is_found_all_at_once(impairment: Impairment, keys: list[str]) -> None:
    assert [key for key, _ in find_nonsense(impairment, 1500)] == keys


def test_a_smaller_mtu_allows_a_slower_rate() -> None:
    assert wired("{rate: 11 kbit/s, mtu: 1280}").ab.rate_bps == 11000
    with pytest.raises(PlanError, match="over a second for one frame"):
        wired("{rate: 11 kbit/s}")


@pytest.mark.parametrize(
    ("text", "from_there"),
    [
        ("{delay: 1 ms, jitter: 2 ms}", "2 ms}}"),
        ("{back: {jitter: 4 ms}}", "4 ms}}}"),
        ("{there: {delay: 0 ms}, jitter: 1 ms}", "1 ms}}"),
        ("{profile: wifi, delay: 0 ms}", "{profile: wifi, delay: 0 ms}}"),
    ],
)
def test_nonsense_is_told_where_it_is_written(text: str, from_there: str) -> None:
    with pytest.raises(PlanError) as caught:
        wired(text)
    [problem] = caught.value.problems
    line = f"wires: {{ber--fra: {text}}}"
    assert (problem.line, line[problem.column - 1 :]) == (4, from_there)


def test_who_comes_later_is_not_blamed_for_it() -> None:
    with pytest.raises(PlanError) as caught:
        line("{jitter: 5 ms}", "wires: {isp--home-gw: {loss: 1 %}}")
    [problem] = caught.value.problems
    assert problem.line == 5
