"""A scenario's text to its value, and what in it cannot be, whatever the lab: no lab is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from orchestrator.errors import Problem, SpecError, nearest
from orchestrator.spec.document import Document, Path
from orchestrator.spec.kinds import host_of
from orchestrator.spec.load import parse
from orchestrator.spec.probing import KINDS, Phase
from orchestrator.spec.problems import explain
from orchestrator.spec.scenario import (
    ExpectSpec,
    FaultSpec,
    ProbeSpec,
    Scenario,
)


def read_scenario(data: bytes, file: str) -> tuple[Scenario, Document]:
    """A scenario, and where each of its values stands. Raises SpecError with every mistake."""
    document = parse(data, file)
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        raise explain(document, error, Scenario) from None
    problems = list(check_scenario(scenario, document))
    if problems:
        raise SpecError(problems)
    return scenario, document


def check_scenario(scenario: Scenario, document: Document) -> Iterator[Problem]:
    """What can be known to be wrong from the scenario alone."""
    for name, probe in scenario.probes.items():
        yield from _check_probe(probe, document, ("probes", name))
    for index, fault in enumerate(scenario.faults):
        yield from _check_time(scenario, fault, document, ("faults", index))
    for index, expected in enumerate(scenario.expect):
        path: Path = ("expect", index)
        if expected.probe not in scenario.probes:
            message = f"there is no probe '{expected.probe}'"
            listed = f"there is: {', '.join(scenario.probes)}"
            hint = nearest(expected.probe, scenario.probes, listed)
            yield document.problem(message, *path, "probe", hint=hint)
        yield from _check_expected(scenario, expected, document, path)


def _check_probe(probe: ProbeSpec, document: Document, path: Path) -> Iterator[Problem]:
    kind, same = probe.kind, KINDS[probe.kind]
    least_ms = same.least_every_ms
    if probe.every < least_ms:
        message = f"every {probe.every:g} ms is too often for a probe by {kind}"
        yield document.problem(message, *path, "every", hint=f"at least every {least_ms:g} ms")
    if probe.timeout == 0:
        yield document.problem("no answer comes in no time", *path, "timeout")
    elif probe.slow is not None and probe.slow >= probe.timeout_ms:
        message = f"nothing is slow after {probe.slow:g} ms: all is lost"
        hint = f"it must be less than the timeout, {probe.timeout_ms:g} ms"
        yield document.problem(message, *path, "slow", hint=hint)
    for option in dict.fromkeys(option for other in KINDS.values() for option in other.options):
        if getattr(probe, option) is not None and option not in same.options:
            message = f"a probe by {kind} takes no '{option}'"
            takers = [name for name, other in KINDS.items() if option in other.options]
            hint = f"it is for {' and '.join(takers)}"
            yield document.problem(message, *path, option, hint=hint, at_key=True)
    if same.by_browser and probe.family is not None and probe.client != "curl":
        hint = "leave it out, or write 'client: curl'"
        yield document.problem("a browser chooses the family itself", *path, "family", hint=hint)
    if kind == "tcp" and probe.port is None:
        yield document.problem("missing key 'port': where does TCP connect to?", *path)
    if same.about == "url" and not host_of(probe.target):
        hint = "write 'https://host/path'"
        yield document.problem(f"'{probe.target}' is not a URL", *path, kind, hint=hint)
    elif same.by_browser and not probe.target.startswith("https:"):
        hint = "write it with https:"
        yield document.problem("pages of a lab are visited by HTTPS", *path, kind, hint=hint)


def _check_time(
    scenario: Scenario, fault: FaultSpec, document: Document, path: Path
) -> Iterator[Problem]:
    end_ms = scenario.duration
    latest_ms = fault.at + fault.jitter
    jittered = f", with its jitter at {latest_ms:g} ms" if fault.jitter else ""
    if latest_ms >= end_ms:
        message = f"it would begin at {fault.at:g} ms{jittered}, after the trial's end"
        hint = f"a trial lasts {end_ms:g} ms: 'duration'"
        yield document.problem(message, *path, "at", hint=hint)
    elif fault.for_ is not None and latest_ms + fault.for_ > end_ms:
        message = f"it would end at {latest_ms + fault.for_:g} ms, after the trial"
        hint = f"a trial lasts {end_ms:g} ms: 'duration'; without 'for' it ends with the trial"
        yield document.problem(message, *path, "for", hint=hint)
    if fault.for_ == 0:
        yield document.problem("a fault for no time is none", *path, "for")


def _check_expected(
    scenario: Scenario, expected: ExpectSpec, document: Document, path: Path
) -> Iterator[Problem]:
    written = expected.model_fields_set - {"probe"}
    if not written:
        known = ", ".join(name for name in ExpectSpec.model_fields if name != "probe")
        yield document.problem("nothing is expected here", *path, hint=f"known here: {known}")
    if expected.spread is not None and scenario.repeats == 1:
        hint = "write 'repeats: 5', or leave 'spread' out"
        yield document.problem("one trial has no spread", *path, "spread", hint=hint)
    probe = scenario.probes.get(expected.probe)
    if expected.slow is not None and probe is not None and probe.slow is None:
        message = f"'{expected.probe}' does not say what is slow"
        hint = "write 'slow: 400 ms' at the probe"
        yield document.problem(message, *path, "slow", hint=hint, at_key=True)
    if expected.path is not None:
        yield from _check_phases(scenario, expected.path.phases, document, (*path, "path"))
        if not expected.path.phases:
            hint = "name before, during or after; [] where any path is good"
            yield document.problem("no phase is named", *path, "path", hint=hint)
    if (median := expected.median) is not None:
        yield from _check_phases(scenario, [median.of], document, (*path, "median"), "of")
        if median.at_most is None and median.at_least is None:
            hint = "write 'at-most: 3 s' or 'at-least: 100 ms'"
            yield document.problem("the median of what size?", *path, "median", hint=hint)


def _check_phases(
    scenario: Scenario,
    phases: Iterable[Phase],
    document: Document,
    path: Path,
    key: str = "",
) -> Iterator[Problem]:
    """During and after a fault there is something only if there is one."""
    if scenario.faults:
        return
    for phase in phases:
        if phase != "before":
            message = f"there is no '{phase}': the scenario has no fault"
            yield document.problem(message, *path, key or phase, at_key=not key)
