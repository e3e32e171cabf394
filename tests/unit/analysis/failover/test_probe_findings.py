"""What is counted and measured of a probe, by phase."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.failover.phases import find_phases
from orchestrator.analysis.failover.probes import by_phase, judge_probe, percentile
from tests.unit.analysis.builders import at
from tests.unit.analysis.failover.trying import PING, fault, row, sample, trial

# A fault from 2 s to 5 s; cut off until 2.6 s.
CUT = row("." * 20 + "xxxuuu" + "." * 54)


def test_failures_are_counted_by_kind_and_the_skipped_beside_them() -> None:
    finding = judge_probe(trial(row("..xxu-...")), PING, {})
    assert (finding.sent, finding.lost, finding.skipped) == (8, 2, 1)
    assert finding.failed == {"lost": 2, "unreachable": 1}


def test_only_good_answers_are_slow() -> None:
    samples = [sample(0, took_ms=51.0), sample(1, took_ms=50.0), sample(2, "wrong", took_ms=90.0)]
    assert judge_probe(trial(samples), PING, {}).slow == 1
    assert judge_probe(trial(samples), replace(PING, slow_ms=None), {}).slow == 0


def test_phases_go_from_the_first_fault_to_the_end_of_the_last() -> None:
    phases = find_phases(trial(CUT, [fault(), fault("edge", 3000, 6000)]))
    assert (phases["before"].start_ns, phases["before"].end_ns) == (at(0), at(2000))
    assert (phases["during"].start_ns, phases["during"].end_ns) == (at(2000), at(6000))
    assert (phases["after"].start_ns, phases["after"].end_ns) == (at(6010), at(8000) + 1)


def test_there_is_no_after_where_a_fault_stays() -> None:
    assert set(find_phases(trial(CUT, [fault(), fault(heal=None)]))) == {"before", "during"}
    assert set(find_phases(trial(CUT))) == {"before"}


def test_what_passes_by_itself_is_over_when_the_lab_was_well() -> None:
    restart = replace(fault(heal=None), well_ns=at(4000))
    phases = find_phases(trial(CUT, [restart]))
    assert (phases["during"].end_ns, phases["after"].start_ns) == (at(4000), at(4000))


def test_during_begins_when_the_outage_was_over() -> None:
    phases = by_phase(trial(CUT, [fault()]), CUT)
    spans = {phase: (found[0].sequence, found[-1].sequence) for phase, found in phases.items()}
    assert spans == {"before": (0, 19), "during": (26, 49), "after": (51, 79)}


def test_after_begins_when_the_outage_that_the_healing_made_was_over() -> None:
    samples = row("." * 50 + "xxx" + "." * 27)
    after = by_phase(trial(samples, [fault()]), samples)["after"]
    assert after[0].sequence == 53


def test_medians_are_of_each_phase_and_good_answers() -> None:
    slower = [replace(s, took_ms=30.0) if 26 <= s.sequence < 50 and s.good else s for s in CUT]
    finding = judge_probe(trial(slower, [fault()]), PING, {})
    assert finding.median_ms == {"before": 10.0, "during": 30.0, "after": 10.0}
    assert finding.outage_ms == 600.0


def test_a_phase_without_an_answer_has_no_median() -> None:
    samples = row("." * 20 + "x" * 60)
    assert set(judge_probe(trial(samples, [fault()]), PING, {}).median_ms) == {"before"}


def test_the_99th_percentile_is_one_of_the_values() -> None:
    assert percentile([float(n) for n in range(1, 201)], 99) == 198.0
    assert percentile([4.0], 99) == 4.0
