"""What was expected, against what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.analysis.failover.findings import Outage, ProbeFinding, TrialFinding
from orchestrator.analysis.failover.study import analyse_study
from orchestrator.analysis.failover.verdicts import in_order, judge
from orchestrator.spec.scenario import ExpectSpec

PING = ProbeFinding(
    name="ping",
    kind="icmp",
    interval_ms=10.0,
    sent=200,
    lost=3,
    slow=1,
    failed={"lost": 3, "unreachable": 2},
    outages=(Outage(0, 420_000_000, 5, True),),
    median_ms={"before": 20.0, "during": 31.0},
    p99_ms={},
    paths={"before": ("laptop", "isp", "edge"), "during": ("laptop", "far", "edge")},
)


def finding(number: int, partial: bool = False, **changes: Any) -> TrialFinding:
    return TrialFinding(number, {"ping": replace(PING, **changes)}, (), partial)


def lasting(ms: float, sustained: bool = True) -> tuple[Outage, ...]:
    return (Outage(0, round(ms * 1e6), 1, sustained),)


def verdict(expected: dict[str, Any], *trials: TrialFinding) -> tuple[bool, str, str]:
    spec = ExpectSpec.model_validate({"probe": "ping", **expected})
    (found,) = judge(spec, 7, trials or (finding(1),))
    assert found.line == 7
    return found.passed, found.expected, found.measured


@pytest.mark.parametrize(
    ("expected", "passed", "words", "measured"),
    [
        ({"outage": "<= 600 ms"}, True, "ping: outage <= 600 ms", "420 ms (± 10 ms)"),
        ({"outage": "<= 400 ms"}, False, "ping: outage <= 400 ms", "420 ms (± 10 ms)"),
        ({"outage": ">= 400 ms"}, True, "ping: outage >= 400 ms", "420 ms (± 10 ms)"),
        ({"lost": 3}, True, "ping: lost 3", "3 of 200 lost"),
        ({"lost": "<= 1 %"}, False, "ping: lost <= 1 %", "3 of 200 lost"),
        ({"lost": "<= 2 %"}, True, "ping: lost <= 2 %", "3 of 200 lost"),
        ({"failed": "<= 4"}, False, "ping: failed <= 4", "5 of 200 failed"),
        ({"slow": 0}, False, "ping: slow 0", "1 of 200 slow"),
        (
            {"failures": ["lost"]},
            False,
            "ping: failures only of kind lost",
            "3 lost, 2 unreachable",
        ),
        (
            {"failures": ["lost", "unreachable", "http"]},
            True,
            "ping: failures only of kind lost or unreachable or http",
            "3 lost, 2 unreachable",
        ),
        (
            {"path": {"during": ["laptop", "far"]}},
            True,
            "ping: during, by laptop and then far",
            "laptop → far → edge",
        ),
        (
            {"path": {"during": ["edge", "laptop"]}},
            False,
            "ping: during, by edge and then laptop",
            "laptop → far → edge",
        ),
        (
            {"path": {"during": [], "not": ["far"]}},
            False,
            "ping: during, by any way and not by far",
            "laptop → far → edge",
        ),
        (
            {"path": {"after": ["edge"]}},
            False,
            "ping: after, by edge",
            "the capture shows no way after the fault",
        ),
        (
            {"median": {"of": "during", "at-most": "30 ms"}},
            False,
            "ping: median during at most 30 ms",
            "31.0 ms",
        ),
        (
            {"median": {"of": "during", "at-least": "30 ms"}},
            True,
            "ping: median during at least 30 ms",
            "31.0 ms",
        ),
        (
            {"median": {"of": "after", "at-most": "30 ms"}},
            False,
            "ping: median after at most 30 ms",
            "nothing was answered after the fault",
        ),
    ],
)
def test_one_trial(expected: dict[str, Any], passed: bool, words: str, measured: str) -> None:
    assert verdict(expected) == (passed, words, measured)


def test_every_trial_must_hold_and_those_that_do_not_are_named() -> None:
    trials = (finding(1), finding(2, outages=lasting(700)), finding(3))
    assert verdict({"outage": "<= 600 ms"}, *trials)[::2] == (False, "trial 2: 700 ms (± 10 ms)")
    assert verdict({"lost": 3}, *trials)[::2] == (True, "3 of 200 lost")


def test_an_outage_that_is_not_over_is_never_short_enough() -> None:
    open_end = finding(1, outages=lasting(100, sustained=False))
    assert verdict({"outage": "<= 600 ms"}, open_end)[::2] == (
        False,
        "100 ms (± 10 ms), not over when the trial ended",
    )
    assert verdict({"outage": ">= 50 ms"}, open_end)[0]


def test_a_probe_that_asked_nothing_proves_nothing() -> None:
    assert not verdict({"lost": 0}, finding(1, sent=0, lost=0))[0]


def test_the_spread_is_from_the_least_outage_to_the_most() -> None:
    trials = [finding(n, outages=lasting(ms)) for n, ms in enumerate((400, 550, 470), 1)]
    assert verdict({"spread": "<= 150 ms"}, *trials) == (
        True,
        "ping: spread of outages <= 150 ms",
        "150 ms: 400 to 550 ms in 3 trials",
    )
    assert not verdict({"spread": "<= 149 ms"}, *trials)[0]


def test_an_expectation_may_say_several_things() -> None:
    spec = ExpectSpec.model_validate(
        {"probe": "ping", "outage": "<= 1 s", "lost": 0, "spread": "<= 1 ms"}
    )
    assert [v.passed for v in judge(spec, 1, [finding(1), finding(2)])] == [True, False, True]


def test_a_path_is_crossed_in_order_with_others_between() -> None:
    assert in_order(("a", "c"), ("a", "b", "c"))
    assert in_order(("a", "a"), ("a", "b", "a"))
    assert not in_order(("c", "a"), ("a", "b", "c"))
    assert not in_order(("a", "a"), ("a", "b"))


def study(*trials: TrialFinding, **changes: Any) -> Any:
    spec = ExpectSpec.model_validate({"probe": "ping", "outage": "<= 600 ms"})
    return analyse_study("cut", "about", trials, [(spec, 3)], **changes)


def test_a_study_passes_when_all_held() -> None:
    found = study(finding(1), finding(2, outages=lasting(500)), finding(3, outages=()))
    assert found.passed
    spread = found.outage_ms["ping"]
    assert (spread.values, spread.median, spread.least, spread.most) == (
        (420.0, 500.0, 0.0),
        420.0,
        0.0,
        500.0,
    )
    assert spread.range == 500.0
    assert not study(finding(1), finding(2, outages=lasting(601))).passed


def test_a_study_that_was_interrupted_keeps_its_figures_and_has_not_passed() -> None:
    found = study(finding(1), finding(2, partial=True, outages=lasting(9000)))
    assert (found.partial, found.passed) == (True, False)
    assert found.outage_ms["ping"].values == (420.0,)
    assert [v.passed for v in found.verdicts] == [True]
    assert len(found.trials) == 2
    assert study(finding(1), partial=True).partial


def test_a_study_without_a_whole_trial_says_so() -> None:
    found = study(finding(1, partial=True))
    assert found.outage_ms == {}
    assert [(v.passed, v.measured) for v in found.verdicts] == [(False, "no trial ran to its end")]
