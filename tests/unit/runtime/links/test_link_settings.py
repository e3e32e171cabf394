"""What `lab link` reads from its command line, and what it makes of a link's state."""

from __future__ import annotations

import pytest

from orchestrator.errors import UsageError
from orchestrator.plan.impairment import Bernoulli, GilbertElliott, Impairment, Nth, Queue
from orchestrator.plan.lookups import find_link
from orchestrator.plan.model import Endpoint, Link
from orchestrator.runtime.links.settings import directions_from, read_settings, shaped
from orchestrator.runtime.links.state import DIRECTIONS, LinkState
from orchestrator.spec.wires import DirectionSpec
from tests.unit.compile.texts import compiled

LINK = Link("a--b", Endpoint("a", "eth0"), Endpoint("b", "eth0"))
PLAN = compiled("""
name: pair
as: {isp: {asn: 64501, routers: [ber, fra, muc]}}
nodes: {pc: {role: host}}
links: [[ber, muc], [pc, ber]]
""")


def told(call: object, *arguments: object) -> tuple[str, str]:
    """The message and the hint of a UsageError."""
    with pytest.raises(UsageError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.message, caught.value.hint


def after(now: LinkState, *settings: str) -> LinkState:
    return shaped(LINK, now, read_settings(settings), DIRECTIONS)


# ── which link ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["ber--fra", "ber,fra", "fra,ber"])
def test_a_link_goes_by_its_name_or_its_ends(name: str) -> None:
    assert find_link(PLAN, name).name == "ber--fra"


@pytest.mark.parametrize("name", ["ber--frq", "fra--ber", "ber,frq", "ber-fra"])
def test_a_link_that_is_not_there_has_a_nearest(name: str) -> None:
    assert told(find_link, PLAN, name) == (
        f"there is no link '{name}' in lab 'pair'",
        "did you mean 'ber--fra'?",
    )


@pytest.mark.parametrize("name", ["", ",", "pc,pc", "moon,sun"])
def test_a_link_like_no_other(name: str) -> None:
    hint = "see 'lab link' for the links there are"
    assert told(find_link, PLAN, name) == (f"there is no link '{name}' in lab 'pair'", hint)


def test_a_node_is_no_link_and_has_some() -> None:
    sentence, hint = told(find_link, PLAN, "muc")
    assert sentence == "there is no link 'muc' in lab 'pair'"
    assert hint == "links of muc: fra--muc, muc--ber, ber--muc"


def test_ends_of_two_links_name_neither() -> None:
    assert told(find_link, PLAN, "ber,muc") == (
        "'ber,muc' are the ends of 2 links",
        "name one: muc--ber, ber--muc",
    )


def test_directions_go_by_who_sends() -> None:
    assert directions_from(LINK, "") == ("ab", "ba")
    assert directions_from(LINK, "a") == ("ab",)
    assert directions_from(LINK, "b") == ("ba",)
    assert told(directions_from, LINK, "c") == ("'c' is not an end of a--b", "its ends: a, b")


# ── settings ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "impairment"),
    [
        ("delay=20ms", Impairment(delay_ms=20)),
        ("delay=20 ms", Impairment(delay_ms=20)),
        ("delay= 20ms", Impairment(delay_ms=20)),
        ("delay=20ms|jitter=2ms|correlation=25%", Impairment(20, 2, correlation=0.25)),
        ("distribution=normal", Impairment(distribution="normal")),
        ("loss=1%", Impairment(loss=Bernoulli(0.01))),
        ("loss=p:1%,r:25%", Impairment(loss=GilbertElliott(0.01, 0.25))),
        ("loss=p:1 %, r:25 %", Impairment(loss=GilbertElliott(0.01, 0.25))),
        ("loss=p:1%,r:25%,bad:90%,good:2%", Impairment(loss=GilbertElliott(0.01, 0.25, 0.02, 0.9))),
        ("nth=100", Impairment(loss=Nth(100))),
        ("reorder=1%|duplicate=2%", Impairment(reorder=0.01, duplicate=0.02)),
        ("corrupt=3%", Impairment(corrupt=0.03)),
        ("rate=10Mbit/s|queue=64kB", Impairment(rate_bps=10_000_000, queue=Queue(64_000, "bytes"))),
        ("rate=10Mbps|queue=9packets", Impairment(rate_bps=10_000_000, queue=Queue(9))),
    ],
)
def test_settings(settings: str, impairment: Impairment) -> None:
    assert after(LinkState("wire"), *settings.split("|")) == LinkState(
        "wire", impairment, impairment
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("delay=20", "'20' has no unit; write it like '12 ms'"),
        ("delay=20 m", "unknown unit 'm' of a time; did you mean 'ms'?"),
        ("delay=-1ms", "a time cannot be negative: '-1ms'"),
        ("delay=2min", "unknown unit 'min' of a time; units: ns, us, µs, ms, s"),
        ("delay=100s", "'100s' is too long a time for a link; at most 60 s"),
        ("loss=1", "'1' has no unit; write it like '1.5 %'"),
        ("loss=101%", "'101%' is more than all; at most 100 %"),
        ("loss=p:1%", "missing key 'r' in 'loss'"),
        ("loss=p:1%,r:2%,x:3%", "unknown key 'x' in 'loss'; known here: p, r, good, bad"),
        ("loss=p:1,r:2%", "'1' has no unit; write it like '1.5 %'"),
        (
            "loss=p:1%,r:0%",
            "bursts never end with r of 0 %; a burst is 1/r frames long on average",
        ),
        ("loss=p:1%,p:2%,r:3%", "'p' is set twice"),
        ("loss=1%|nth=5", "'loss' and 'nth' contradict each other; a link has one loss model"),
        ("nth=0", "'nth' must be at least 1, not '0'"),
        ("nth=1.5", "'nth': expected a whole number, not '1.5'"),
        ("nth=often", "'nth': expected a whole number, not 'often'"),
        ("rate=0bit/s", "'0bit/s' is no rate of a link; more than 0, at most 100 Gbit/s"),
        ("rate=10mbit/s", "unknown unit 'mbit/s' of a rate; did you mean 'Mbit/s'?"),
        ("rate=unlimted", "'unlimted' is not a rate; write it like '100 Mbit/s'"),
        ("queue=0packets", "'0packets' holds nothing; at least 1 packet"),
        (
            "distribution=gauss",
            "'distribution': expected 'uniform', 'normal', 'pareto' or 'paretonormal', not 'gauss'",
        ),
        ("lss=1%", "a link has no 'lss'; did you mean 'loss'?"),
        (
            "speed=1%",
            "a link has no 'speed'; there is: delay, jitter, distribution, correlation, loss, nth, "
            "reorder, duplicate, corrupt, rate, queue",
        ),
        ("profile=cable", "'profile' is for topologies; a running link keeps what it has"),
        ("mtu=1400", "'mtu' is for topologies; a running link keeps what it has"),
        ("delay=1ms|delay=2ms", "'delay' is set twice"),
        (
            "delay=x|jitter=-1ms|rate=z",
            "'x' is not a time; write it like '12 ms'\n"
            "a time cannot be negative: '-1ms'\n"
            "'z' is not a rate; write it like '100 Mbit/s'",
        ),
        (
            "dely=1ms|lss=1%",
            "a link has no 'dely'; did you mean 'delay'?\n"
            "a link has no 'lss'; did you mean 'loss'?",
        ),
    ],
)
def test_bad_settings(settings: str, message: str) -> None:
    assert told(read_settings, settings.split("|")) == (message, "")


@pytest.mark.parametrize("setting", ["delay", "", "=", "delay=", "=20ms", "20ms"])
def test_settings_that_say_nothing(setting: str) -> None:
    expected = f"'{setting}' says nothing", "write it like delay=20ms"
    assert told(read_settings, [setting]) == expected


@pytest.mark.parametrize(("setting", "part"), [("loss=p:1%,r", "r"), ("loss=:", ":")])
def test_bursts_that_say_nothing(setting: str, part: str) -> None:
    expected = f"'{part}' says nothing", "write it like loss=p:1%,r:25%"
    assert told(read_settings, [setting]) == expected


@pytest.mark.parametrize("letters", ["é=1", "delay=\x00", "a" * 5000, "delay=" + "9" * 5000 + "ms"])
def test_whatever_is_typed_is_a_usage_error(letters: str) -> None:
    message, _ = told(read_settings, [letters])
    assert "pydantic" not in message


# ── laid over what is ─────────────────────────────────────────────────────────

NOW = LinkState(
    "wire",
    Impairment(delay_ms=10, jitter_ms=5, loss=Nth(3), rate_bps=1_000_000),
    Impairment(delay_ms=20),
    blackholes=("ba",),
)


def test_what_is_not_set_stays() -> None:
    assert after(NOW, "loss=1%") == NOW.changed(
        ab=NOW.ab.changed(loss=Bernoulli(0.01)), ba=NOW.ba.changed(loss=Bernoulli(0.01))
    )
    assert after(NOW, "rate=unlimited").ab == NOW.ab.changed(rate_bps=None)


def test_one_direction_alone() -> None:
    changed = shaped(LINK, NOW, DirectionSpec(nth=7), ("ba",))
    assert changed == NOW.changed(ba=NOW.ba.changed(loss=Nth(7)))


def test_nothing_set_changes_nothing() -> None:
    assert shaped(LINK, NOW, DirectionSpec(), DIRECTIONS) == NOW


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ["delay=1ms"],
            "jitter of 5 ms around 1 ms would deliver before sending; at most the delay",
        ),
        (
            ["rate=9600bps"],
            "a rate of 9600 bit/s takes over a second for one frame; "
            "at least 12112 bit/s with an MTU of 1500",
        ),
        (
            ["queue=1kB", "jitter=15ms"],
            "jitter of 15 ms around 10 ms would deliver before sending; at most the delay\n"
            "a queue of 1000 bytes holds no whole frame; at least 1514 bytes with an MTU of 1500",
        ),
    ],
)
def test_nonsense_with_what_is_already_there(settings: list[str], message: str) -> None:
    assert told(after, NOW, *settings) == (message, "")
