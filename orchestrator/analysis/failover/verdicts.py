"""Whether what a scenario expects held in every trial, with what was measured, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orchestrator.analysis.failover.findings import ProbeFinding, TrialFinding, Verdict
from orchestrator.spec.probing import Phase
from orchestrator.spec.scenario import Bound, ExpectSpec, MedianSpec, PathSpec

# A measurement of one trial: whether it is as expected, and what it is.
_Measured = tuple[bool, str]


def judge(spec: ExpectSpec, line: int, trials: Sequence[TrialFinding]) -> Iterator[Verdict]:
    """A verdict for each thing that an expectation says of its probe."""
    found = [(t.number, t.probes[spec.probe]) for t in trials if spec.probe in t.probes]
    for expected, measure in _expectations(spec):
        words = f"{spec.probe}: {expected}"
        if not found:
            yield Verdict(words, False, "no trial ran to its end", line)
            continue
        measured = [(number, *measure(probe)) for number, probe in found]
        yield Verdict(words, all(ok for _, ok, _ in measured), _sum_up(measured), line)
    if spec.spread is not None:
        yield _judge_spread(spec, line, [probe for _, probe in found])


def _sum_up(measured: Sequence[tuple[int, bool, str]]) -> str:
    """What differs from what was expected, by trial; else what was measured, each thing once."""
    wrong = [f"trial {number}: {told}" for number, ok, told in measured if not ok]
    if len(measured) == 1:
        return measured[0][2]
    return "; ".join(wrong or dict.fromkeys(told for _, _, told in measured))


def _expectations(
    spec: ExpectSpec,
) -> Iterator[tuple[str, Callable[[ProbeFinding], _Measured]]]:
    if spec.outage is not None:
        yield f"outage {spec.outage}", _outage(spec.outage)
    for word, bound, count in (
        ("lost", spec.lost, lambda probe: probe.lost),
        ("failed", spec.failed, lambda probe: sum(probe.failed.values())),
        ("slow", spec.slow, lambda probe: probe.slow),
    ):
        if bound is not None:
            yield f"{word} {bound}", _count(bound, word, count)
    if spec.failures is not None:
        allowed = " or ".join(spec.failures) or "none"
        yield f"failures only of kind {allowed}", _failures(frozenset(spec.failures))
    if spec.path is not None:
        yield from _paths(spec.path)
    if spec.median is not None:
        yield _describe(spec.median), _median(spec.median)


def _outage(bound: Bound) -> Callable[[ProbeFinding], _Measured]:
    def measure(probe: ProbeFinding) -> _Measured:
        open_end = any(not outage.sustained for outage in probe.outages)
        # It lasted longer than the trial: how long, nobody knows.
        ok = bound.holds(probe.outage_ms) and (bound.sign == ">=" or not open_end)
        words = f"{probe.outage_ms:.0f} ms (± {probe.interval_ms:g} ms)"
        return ok, f"{words}, not over when the trial ended" if open_end else words

    return measure


def _count(
    bound: Bound, word: str, count: Callable[[ProbeFinding], int]
) -> Callable[[ProbeFinding], _Measured]:
    def measure(probe: ProbeFinding) -> _Measured:
        number = count(probe)
        share = 100 * number / probe.sent if probe.sent else 0.0
        ok = probe.sent > 0 and bound.holds(share if bound.unit == "%" else number)
        return ok, f"{number} of {probe.sent} {word}"

    return measure


def _failures(allowed: frozenset[str]) -> Callable[[ProbeFinding], _Measured]:
    def measure(probe: ProbeFinding) -> _Measured:
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(probe.failed.items()))
        return set(probe.failed) <= allowed, told or "none failed"

    return measure


def _paths(spec: PathSpec) -> Iterator[tuple[str, Callable[[ProbeFinding], _Measured]]]:
    for phase, nodes in spec.phases.items():
        wanted = f"by {' and then '.join(nodes)}" if nodes else "by any way"
        without = f" and not by {' or '.join(spec.not_)}" if spec.not_ else ""
        yield f"{phase}, {wanted}{without}", _path(phase, nodes, spec.not_)


def _path(
    phase: Phase, nodes: Sequence[str], never: Sequence[str]
) -> Callable[[ProbeFinding], _Measured]:
    def measure(probe: ProbeFinding) -> _Measured:
        path = probe.paths.get(phase, ())
        if not path:
            return False, f"the capture shows no way {phase} the fault"
        ok = in_order(nodes, path) and not set(never) & set(path)
        return ok, " → ".join(path)

    return measure


def in_order(nodes: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a path crosses nodes in this order, with others between them."""
    rest = iter(path)
    return all(node in rest for node in nodes)


def _describe(spec: MedianSpec) -> str:
    bounds = {"at most": spec.at_most, "at least": spec.at_least}
    told = (f"{words} {ms:g} ms" for words, ms in bounds.items() if ms is not None)
    return f"median {spec.of} {' and '.join(told)}"


def _median(spec: MedianSpec) -> Callable[[ProbeFinding], _Measured]:
    def measure(probe: ProbeFinding) -> _Measured:
        found = probe.median_ms.get(spec.of)
        if found is None:
            return False, f"nothing was answered {spec.of} the fault"
        least, most = spec.at_least, spec.at_most
        ok = (most is None or found <= most) and (least is None or found >= least)
        return ok, f"{found:.1f} ms"

    return measure


def _judge_spread(spec: ExpectSpec, line: int, probes: Sequence[ProbeFinding]) -> Verdict:
    """From the least to the most outage over the trials."""
    bound, values = spec.spread, [probe.outage_ms for probe in probes]
    expected = f"{spec.probe}: spread of outages {bound}"
    if bound is None or not values:
        return Verdict(expected, False, "no trial ran to its end", line)
    least, most = min(values), max(values)
    trials = "trial" if len(values) == 1 else "trials"
    told = f"{most - least:.0f} ms: {least:.0f} to {most:.0f} ms in {len(values)} {trials}"
    return Verdict(expected, bound.holds(most - least), told, line)
