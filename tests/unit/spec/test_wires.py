"""What may be written of a link."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import SpecError
from orchestrator.spec.load import parse
from orchestrator.spec.problems import explain
from orchestrator.spec.profiles import PROFILES
from orchestrator.spec.services import HomeSpec
from orchestrator.spec.wires import BurstSpec, DirectionSpec, WireSpec


def written(text: str) -> WireSpec:
    """A wire from YAML."""
    return WireSpec.model_validate(parse(text.encode(), "x").data)


def complaints(text: str) -> list[str]:
    """What a user is told of a wire, with its column, line after line."""
    document = parse(text.encode(), "x")
    with pytest.raises(ValidationError) as caught:
        WireSpec.model_validate(document.data)
    error: SpecError = explain(document, caught.value, WireSpec)
    return [str(problem).removeprefix("x:").replace(" error:", "") for problem in error.problems]


def test_everything_at_once() -> None:
    spec = written("""
delay: 12 ms
jitter: 2 ms
distribution: paretonormal
correlation: 25 %
loss: {p: 1 %, r: 25 %, good: 0.1 %, bad: 90 %}
reorder: 1 %
duplicate: 2 %
corrupt: 3 %
rate: 10 Mbit/s
queue: 64 kB
profile: cable
mtu: 1400
there: {nth: 100, rate: unlimited}
back: {delay: 0 ms}
""")
    assert spec.model_dump(exclude_none=True) == {
        "delay": 12,
        "jitter": 2,
        "distribution": "paretonormal",
        "correlation": 0.25,
        "loss": {"p": 0.01, "r": 0.25, "good": 0.001, "bad": 0.9},
        "reorder": 0.01,
        "duplicate": 0.02,
        "corrupt": 0.03,
        "rate": 10_000_000,
        "queue": (64_000, "bytes"),
        "profile": "cable",
        "mtu": 1400,
        "there": {"nth": 100, "rate": "unlimited"},
        "back": {"delay": 0},
    }


def test_what_is_not_written_stays_open() -> None:
    assert set(written("{}").model_dump().values()) == {None}


def test_bursts_lose_all_in_the_bad_state_and_nothing_in_the_good() -> None:
    assert written("loss: {p: 1 %, r: 10 %}").loss == BurstSpec(
        p="1 %",  # type: ignore[arg-type]
        r="10 %",  # type: ignore[arg-type]
        good="0 %",  # type: ignore[arg-type]
        bad="100 %",  # type: ignore[arg-type]
    )


def test_a_direction_may_have_another_loss_model() -> None:
    spec = written("{loss: 1 %, back: {nth: 5}}")
    assert (spec.loss, spec.back and spec.back.nth) == (0.01, 5)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_the_short_form_of_an_access_line(profile: str) -> None:
    home = HomeSpec.model_validate({"isp": "isp", "hosts": ["pc"], "access": profile})
    assert home.access == WireSpec(profile=profile)


def test_profiles_are_faster_down_than_up() -> None:
    for profile in PROFILES.values():
        assert profile.down_bps >= profile.up_bps > 0
        assert 0 <= profile.jitter_ms <= profile.delay_ms


def test_the_schema_for_editors_has_wires() -> None:
    assert "delay" in TypeAdapter(DirectionSpec).json_schema()["properties"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("delay: 12", ["1:8: '12' has no unit; write it like '12 ms'"]),
        ("delay: [12 ms]", ["1:8: a list is not a time; write it like '12 ms'"]),
        ("jitter: true", ["1:9: 'true' is not a time; write it like '12 ms'"]),
        ("rate: 10", ["1:7: '10' has no unit; write it like '100 Mbit/s'"]),
        ("rate: [1]", ["1:7: a list is not a rate; write it like '100 Mbit/s'"]),
        ("queue: 100", ["1:8: '100' has no unit; write it like '100 packets'"]),
        ("loss: 1", ["1:7: '1' has no unit; write it like '1.5 %'"]),
        ("loss: [1 %]", ["1:7: a list is not a share; write it like '1.5 %'"]),
        ("loss: {p: 1 %}", ["1:7: missing key 'r' in 'loss'"]),
        ("loss: {p: 1 %, r: }", ["1:19: nothing is not a share; write it like '1.5 %'"]),
        (
            "loss: {p: 1 %, r: 1 %, god: 1 %}",
            ["1:24: unknown key 'god' in 'loss'; did you mean 'good'?"],
        ),
        (
            "loss: {p: 1 %, r: 0 %}",
            ["1:7: bursts never end with r of 0 %; a burst is 1/r frames long on average"],
        ),
        (
            "{loss: 1 %, nth: 5}",
            ["1:1: 'loss' and 'nth' contradict each other; a link has one loss model"],
        ),
        (
            "back: {loss: {p: 1 %, r: 1 %}, nth: 5}",
            ["1:7: 'loss' and 'nth' contradict each other; a link has one loss model"],
        ),
        ("nth: 0", ["1:6: 'nth' must be at least 1, not 0"]),
        ("nth: 1000001", ["1:6: 'nth' must be at most 1000000, not 1000001"]),
        ("nth: true", ["1:6: 'true' is not a number of frames; write it like '100'"]),
        ("nth: 1.5", ["1:6: 'nth': expected a whole number, not 1.5"]),
        (
            "mtu: 1279",
            [
                "1:6: an MTU of 1279 octets is too small; at least 1280, which IPv6 needs "
                "(RFC 8200, section 5)"
            ],
        ),
        ("mtu: 65001", ["1:6: 'mtu' must be at most 65000, not 65001"]),
        ("profile: cabel", ["1:10: unknown profile 'cabel'; did you mean 'cable'?"]),
        (
            "profile: 5g",
            ["1:10: unknown profile '5g'; one of: fibre, cable, dsl, wifi, lte, satellite"],
        ),
        (
            "distribution: gauss",
            [
                "1:15: 'distribution': expected 'uniform', 'normal', 'pareto' or 'paretonormal', "
                "not 'gauss'"
            ],
        ),
        (
            "delai: 12 ms",
            ["1:1: unknown key 'delai' at the top of the file; did you mean 'delay'?"],
        ),
        ("back: {dely: 1 ms}", ["1:8: unknown key 'dely' in 'back'; did you mean 'delay'?"]),
        (
            "there: {mtu: 1400}",
            [
                "1:9: unknown key 'mtu' in 'there'; known here: delay, jitter, distribution, "
                "correlation, loss, nth, reorder, duplicate, corrupt, rate, queue"
            ],
        ),
        ("back: 12 ms", ["1:7: 'back': expected a mapping, not '12 ms'"]),
        (
            "{delay: -1 ms, corrupt: 200 %}",
            [
                "1:9: a time cannot be negative: '-1 ms'",
                "1:25: '200 %' is more than all; at most 100 %",
            ],
        ),
    ],
)
def test_mistakes(text: str, told: list[str]) -> None:
    assert complaints(text) == told


@pytest.mark.parametrize("value", [None, [], 5, {"profile": "cable", "x": 1}])
def test_an_access_line_is_a_profile_or_a_mapping(value: Any) -> None:
    plain = {"isp": "isp", "hosts": ["pc"], "access": value}
    if value is None:
        assert HomeSpec.model_validate(plain).access is None
    else:
        with pytest.raises(ValidationError):
            HomeSpec.model_validate(plain)
