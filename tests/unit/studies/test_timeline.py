"""When faults begin and end, and whether two of them can meet."""

from __future__ import annotations

from orchestrator.studies.timeline import TimedFault, begins_ms


def fault(at_ms: float, for_ms: float | None, jitter_ms: float = 0.0) -> TimedFault:
    return TimedFault("link-down", "a--b", {}, at_ms, for_ms, jitter_ms)


def test_the_same_seed_gives_the_same_moments() -> None:
    jittered = fault(1000, 500, 200)
    moments = [begins_ms(jittered, seed=1, trial=n, index=0) for n in range(20)]
    assert moments == [begins_ms(jittered, seed=1, trial=n, index=0) for n in range(20)]
    assert all(1000 <= moment <= 1200 for moment in moments)
    assert len(set(moments)) == 20
    assert moments != [begins_ms(jittered, seed=2, trial=n, index=0) for n in range(20)]
    assert moments[0] != begins_ms(jittered, seed=1, trial=0, index=1)


def test_without_jitter_a_fault_is_on_time() -> None:
    assert begins_ms(fault(1000, 500), seed=7, trial=3, index=2) == 1000


def test_faults_may_overlap() -> None:
    assert fault(0, 1000).may_overlap(fault(900, 100))
    assert not fault(0, 1000).may_overlap(fault(1100, 100))
    assert fault(0, 1000, jitter_ms=200).may_overlap(fault(1100, 100))
    assert fault(0, None).may_overlap(fault(5000, 1))
    assert fault(5000, 1).may_overlap(fault(0, None))
