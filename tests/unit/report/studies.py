"""Studies made by hand: a transit cut that takes 300 ms to get over, as a probe each sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.analysis.failover.findings import (
    ChainLink,
    FaultFinding,
    Outage,
    ProbeFinding,
    Spread,
    StudyFinding,
    TrialFinding,
    Verdict,
)
from orchestrator.records.study import FaultEvent, ProbeRun, Sample, Trial
from orchestrator.spec.probing import FailureKind

HOSTILE = "<script>alert('\"1&2\"')</script>"
START_NS = 1_700_000_000_000_000_000
FAULT_NS = START_NS + 2_000_000_000
HEAL_NS = START_NS + 5_000_000_000
END_NS = START_NS + 8_000_000_000


def trial(number: int = 1, outage_ms: int = 300, every_ms: int = 10) -> Trial:
    """Eight seconds; the first probe is cut off for ``outage_ms`` after the second second."""
    runs = (
        ProbeRun("ping", "icmp", "laptop", "direct.example.com", every_ms, 500),
        ProbeRun("shop", "http", "laptop", "https://direct.example.com/", 100, 2_000),
    )
    samples = []
    for run in runs:
        for sequence in range(int(8_000 / run.interval_ms)):
            due_ns = START_NS + round(sequence * run.interval_ms * 1e6)
            lost = FAULT_NS <= due_ns < FAULT_NS + outage_ms * 1_000_000 and run.name == "ping"
            failure: FailureKind | None = "lost" if lost else None
            samples.append(
                Sample(run.name, sequence, due_ns, due_ns, None if lost else 20.5, failure)
            )
    return Trial(number, START_NS, END_NS, runs, tuple(samples), (fault(),))


def fault() -> FaultEvent:
    return FaultEvent(
        "link-blackhole", "a--b", {}, FAULT_NS, FAULT_NS + 4_000_000, HEAL_NS, HEAL_NS + 9_000_000
    )


def chain(outage_ms: float) -> tuple[ChainLink, ...]:
    return (
        ChainLink("injected", 4.0, "", "link-blackhole of a--b is in force"),
        ChainLink("detected", outage_ms - 14, "a", "a says BFD down", frame=("a", 12)),
        ChainLink("detected", outage_ms - 13, "b", "b says BFD down", frame=("b", 9)),
        ChainLink("withdrawn", outage_ms - 12, "a", "a withdraws 198.18.0.0/15", frame=("a", 15)),
        ChainLink("fib", outage_ms - 10, "a", "a sends another way", event=3),
        ChainLink("restored", outage_ms, "laptop", "ping is answered again"),
    )


def trial_finding(number: int = 1, outage_ms: int = 300, partial: bool = False) -> TrialFinding:
    outage = Outage(FAULT_NS, FAULT_NS + outage_ms * 1_000_000, outage_ms // 10, True)
    ping = ProbeFinding(
        *("ping", "icmp", 10.0, 800, outage_ms // 10, 0, {"lost": outage_ms // 10}, (outage,)),
        median_ms={"before": 20.5, "during": 31.25, "after": 20.5},
        p99_ms={"before": 21.0},
        paths={"before": ("laptop", "a", "b"), "during": ("laptop", "c", "b")},
    )
    shop = ProbeFinding("shop", "http", 100.0, 80, 0, 0, {}, (), {"before": 80.0}, {}, {})
    mended = (ChainLink("injected", 9.0, "", "link-blackhole of a--b is healed"),)
    found = FaultFinding(fault(), chain(outage_ms), mended)
    return TrialFinding(number, {"ping": ping, "shop": shop}, (found,), partial)


def study(outages_ms: Sequence[int] = (280, 300, 340), name: str = "transit-cut") -> StudyFinding:
    trials = tuple(trial_finding(n + 1, ms) for n, ms in enumerate(outages_ms))
    ordered = sorted(map(float, outages_ms))
    spread = Spread(tuple(ordered), ordered[len(ordered) // 2], ordered[0], ordered[-1])
    none = Spread((0.0,) * len(ordered), 0.0, 0.0, 0.0)
    verdicts = (
        Verdict("ping: outage <= 600 ms", True, "300 ms (± 10 ms)", 21),
        Verdict("shop: lost 0", False, "trial 2: 3 of 80 lost", 22),
    )
    outages = {"ping": spread, "shop": none}
    return StudyFinding(name, "A transit link goes silent", trials, outages, verdicts, False)


def trials(outages_ms: Sequence[int] = (280, 300, 340)) -> list[Trial]:
    return [trial(n + 1, ms) for n, ms in enumerate(outages_ms)]


def hostile() -> tuple[StudyFinding, list[Trial]]:
    """Every name and text of somebody else's is an attack."""
    found, made = study((300,)), trial(1, 300)
    old = found.trials[0]
    ping = replace(old.probes["ping"], name=HOSTILE, paths={"before": (HOSTILE,)})
    link = ChainLink("detected", 10.0, HOSTILE, HOSTILE, frame=(HOSTILE, 1))
    event = replace(fault(), fault=HOSTILE, target=HOSTILE)
    broken = replace(
        old,
        probes={HOSTILE: ping},
        faults=(FaultFinding(event, (link,)),),
        notes=(HOSTILE,),
    )
    verdict = Verdict(HOSTILE, False, HOSTILE, 1)
    finding = replace(
        found,
        name=HOSTILE,
        about=HOSTILE,
        trials=(broken,),
        outage_ms={HOSTILE: found.outage_ms["ping"]},
        verdicts=(verdict,),
    )
    samples = tuple(replace(s, probe=HOSTILE, detail=HOSTILE) for s in made.samples)
    runs = tuple(replace(run, name=HOSTILE) for run in made.probes[:1])
    return finding, [replace(made, probes=runs, samples=samples, faults=(event,))]


def nothing() -> StudyFinding:
    return StudyFinding("empty", "", (), {}, (), True)
