"""The state of links on disk, which backend carries what, and what `wire` is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.errors import FaultError
from orchestrator.plan.impairment import (
    CLEAR,
    LOSSLESS,
    Bernoulli,
    GilbertElliott,
    Impairment,
    Loss,
    Nth,
    Queue,
)
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.links.backends import (
    CHOICE,
    choose_backend,
    impairing_backend,
    verify,
    wire_settings,
)
from orchestrator.runtime.links.state import Backend, LinkState, load_links, save_links
from orchestrator.runtime.wire import process

DELAY = Impairment(delay_ms=20)
EVERYTHING = Impairment(
    delay_ms=12.345678,
    jitter_ms=2,
    distribution="pareto",
    correlation=0.25,
    loss=GilbertElliott(0.01, 0.25, 0.001, 0.9),
    reorder=0.01,
    duplicate=0.02,
    corrupt=0.000000001,
    rate_bps=10_000_000,
    queue=Queue(64_000, "bytes"),
)


# ── on disk ───────────────────────────────────────────────────────────────────


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabState:
    """A lab with a folder and nothing in it."""
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    state = LabState("lab")
    state.folder.mkdir()
    return state


def test_links_are_read_as_they_were_saved(lab: LabState) -> None:
    losses: list[Loss] = [LOSSLESS, Bernoulli(0.01, 0.5), GilbertElliott(0.1, 0.2), Nth(7)]
    links = {
        "plain": LinkState("veth"),
        "cut": LinkState("wire", down=True, blackholes=("ab", "ba")),
        "all": LinkState("netem", EVERYTHING, DELAY, blackholes=("ba",)),
        **{f"loss-{n}": LinkState("wire", Impairment(loss=x)) for n, x in enumerate(losses)},
    }
    save_links(lab, links)
    assert load_links(lab) == links
    assert list(load_links(lab)) == list(links)


def test_before_links_are_made_there_are_none(lab: LabState) -> None:
    assert load_links(lab) == {}


def test_what_is_saved_replaces_what_was_and_leaves_no_half_file(lab: LabState) -> None:
    save_links(lab, {"a--b": LinkState("veth"), "b--c": LinkState("veth")})
    save_links(lab, {"a--b": LinkState("wire", DELAY)})
    assert load_links(lab) == {"a--b": LinkState("wire", DELAY)}
    assert [path.name for path in lab.folder.iterdir()] == ["links.json"]


# ── which backend ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("impairments", "with_netem", "without"),
    [
        ((CLEAR, CLEAR), "veth", "veth"),
        ((), "veth", "veth"),
        ((DELAY, CLEAR), "netem", "wire"),
        ((CLEAR, DELAY), "netem", "wire"),
        ((DELAY, Impairment(loss=Bernoulli(0.01))), "netem", "wire"),
        # What netem cannot do, in either direction, goes to wire as a whole.
        ((DELAY, Impairment(loss=Nth(5))), "wire", "wire"),
        ((Impairment(loss=Nth(5)), DELAY), "wire", "wire"),
        ((EVERYTHING, CLEAR), "wire", "wire"),
        ((Impairment(queue=Queue(64_000, "bytes")), CLEAR), "wire", "wire"),
    ],
)
def test_backends(
    impairments: tuple[Impairment, ...], with_netem: Backend, without: Backend
) -> None:
    assert choose_backend("netem", *impairments) == with_netem
    assert choose_backend("wire", *impairments) == without


@pytest.mark.parametrize("choice", ["netem", "wire"])
def test_the_user_may_choose(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICE, choice)
    assert impairing_backend() == choice


# ── what wire is told ─────────────────────────────────────────────────────────


def keys_of_wire() -> set[str]:
    """The keys that settings.c knows."""
    source = Path(process.__file__).with_name("settings.c").read_text()
    [listed] = re.findall(r"keys\[\] = \{([^}]*)\}", source)
    return set(re.findall(r'"(\w+)"', listed))


def test_wire_is_told_all_it_knows_but_how_to_overtake_and_offload() -> None:
    """Every key each time, so that nothing of an earlier setting stays."""
    assert set(wire_settings(CLEAR)) == keys_of_wire() - {"reorder_gap", "offload"}
    assert set(wire_settings(EVERYTHING)) == set(wire_settings(CLEAR))


def test_the_words_of_wire() -> None:
    assert wire_settings(EVERYTHING) == {
        "delay_ns": 12_345_678,
        "jitter_ns": 2_000_000,
        "distribution": "pareto",
        "correlation_ppb": 250_000_000,
        "loss": "gilbert:10000000,250000000,1000000,900000000",
        "reorder_ppb": 10_000_000,
        "duplicate_ppb": 20_000_000,
        "corrupt_ppb": 1,
        "rate_bps": 10_000_000,
        "limit": "bytes:64000",
    }


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (LOSSLESS, "none"),
        (Bernoulli(0.01), "bernoulli:10000000,0"),
        (Bernoulli(1.0, 0.5), "bernoulli:1000000000,500000000"),
        (Nth(10), "nth:10"),
    ],
)
def test_losses_in_the_words_of_wire(loss: Loss, told: str) -> None:
    assert wire_settings(Impairment(loss=loss))["loss"] == told


def test_no_impairment_is_told_as_nought() -> None:
    told = wire_settings(CLEAR)
    assert (told["rate_bps"], told["loss"], told["limit"]) == (0, "none", "packets:1000")


def test_what_took_is_fine() -> None:
    wanted = wire_settings(EVERYTHING)
    verify("a--b", "ab", wanted, {"parameters": {**wanted, "offload": "auto"}})


def test_what_did_not_take_is_named() -> None:
    wanted = wire_settings(DELAY)
    seen = json.loads(json.dumps({**wanted, "delay_ns": 0, "loss": "nth:3"}))
    del seen["limit"]
    with pytest.raises(FaultError) as caught:
        verify("a--b", "ba", wanted, {"parameters": seen})
    assert caught.value.message == (
        "link a--b, ba: did not take: delay_ns=20000000 (has 0), loss=none (has nth:3), "
        "limit=packets:1000 (has None)"
    )
