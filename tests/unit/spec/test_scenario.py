"""What may be written in a scenario, and what it means."""

from __future__ import annotations

from typing import get_args

import pytest

from orchestrator.errors import Mistake, SpecError
from orchestrator.spec.probing import KINDS, ProbeKind
from orchestrator.spec.scenario import Bound, ProbeSpec, Scenario
from orchestrator.spec.scenario_check import read_scenario
from orchestrator.spec.units import read_bound, read_span_ms

HEAD = "name: x\nduration: 8 s\nprobes:\n  ping: {icmp: a.test, from: h, every: 10 ms}\n"


def read(text: str) -> Scenario:
    return read_scenario(text.encode(), "x.yaml")[0]


def test_every_kind_of_probe_can_be_written() -> None:
    assert KINDS.keys() == set(get_args(ProbeKind))
    assert set(KINDS) <= set(ProbeSpec.model_fields)
    options = {option for kind in KINDS.values() for option in kind.options}
    assert options <= set(ProbeSpec.model_fields)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<= 600 ms", ("<=", 600.0, "ms")),
        (">=2s", (">=", 2000.0, "ms")),
        ("<= 1.5 %", ("<=", 1.5, "%")),
        ("<= 3", ("<=", 3.0, "")),
        (0, ("=", 0.0, "")),
        ("10 %", ("=", 10.0, "%")),
    ],
)
def test_bounds(written: object, read: tuple[str, float, str]) -> None:
    assert read_bound(written) == read


@pytest.mark.parametrize("written", ["", "<=", "< 3", "about 3", "<= 3 kg", None, True, "<= -1 s"])
def test_what_is_no_bound(written: object) -> None:
    with pytest.raises(Mistake):
        read_bound(written)


def test_a_bound_holds_or_does_not() -> None:
    most, least, just = Bound("<=", 3, ""), Bound(">=", 3, ""), Bound("=", 3, "")
    assert [most.holds(n) for n in (2, 3, 4)] == [True, True, False]
    assert [least.holds(n) for n in (2, 3, 4)] == [False, True, True]
    assert [just.holds(n) for n in (2, 3, 4)] == [False, True, False]
    assert [str(Bound("<=", 600, "ms")), str(just)] == ["<= 600 ms", "3"]


@pytest.mark.parametrize(("written", "ms"), [("8 s", 8000), ("1.5 min", 90_000), ("0 s", 0)])
def test_spans(written: str, ms: float) -> None:
    assert read_span_ms(written) == ms


def test_defaults() -> None:
    scenario = read(HEAD)
    probe = scenario.probes["ping"]
    assert (scenario.topology, scenario.repeats, scenario.settings) == ("internet", 1, [])
    assert (probe.kind, probe.target) == ("icmp", "a.test")
    assert (probe.timeout_ms, probe.slow) == (1000, None)


def test_values_that_yaml_has_made_of_text() -> None:
    scenario = read(
        HEAD + "  page: {visit: 'https://a.test/', from: h, every: 2 s, version: 1.1}\n"
        "set: {routing.bfd: false, routing.hold: 6 s}\n"
        "faults: [{fault: f, target: t, at: 1 s, with: {loss: 3, fast: true}}]\n"
    )
    assert scenario.probes["page"].version == "1.1"
    assert scenario.settings == ["routing.bfd=false", "routing.hold=6 s"]
    assert scenario.faults[0].with_ == {"loss": "3", "fast": "true"}


def test_phases_of_a_path() -> None:
    scenario = read(HEAD + "expect: [{probe: ping, path: {before: [a, b], not: [c]}}]\n")
    path = scenario.expect[0].path
    assert path is not None
    assert (path.phases, path.not_) == ({"before": ("a", "b")}, ("c",))


def test_mistakes_of_a_phase_are_told_together() -> None:
    text = HEAD + (
        "faults: [{fault: f, target: t, at: 9 s}, {fault: f, target: t, at: 1 s, for: 0 s}]\n"
        "expect: [{probe: pong, lost: 0}]\n"
    )
    with pytest.raises(SpecError) as caught:
        read(text)
    lines = [problem.line for problem in caught.value.problems]
    assert lines == [5, 5, 6]


def test_the_schema_for_editors_takes_what_is_written() -> None:
    schema = Scenario.model_json_schema(by_alias=True)
    assert schema["properties"]["duration"]["type"] == "string"
    assert {"from", "every"} <= set(schema["$defs"]["ProbeSpec"]["required"])
