"""`journey.json`: a journey as plain values, under keys that stay as they are.

    format      2; another number where a key changes its meaning or goes
    run, url, node, client, cold, status, protocol, error, error_detail     as in visit.json
    started, ended          ISO 8601, UTC
    duration_ms             between the two
    summary                 the journey in one sentence
    warnings                [sentence, …]
    in_force                [faults and changed links during the visit, a few words each, …]
    steps                   in order: [{kind, title, told, nodes, start_ms, duration_ms, proofs,
                            details, saved, expected, as_expected, terms}, …]
      proofs                [{file, number, shows, says}, …]: analysis/step.py says what `shows` is
    critical                [{name, told, start_ms, duration_ms}, …]
    textbook                [{name, measured, low, high, unit, within, told}, …]
    traces                  {name: as traces.py says}
    account                 {packets, matched, lost, damaged, copies, unseen}: the packets of the
                            visit's connections, those seen at every hop, a sentence for each that
                            was lost, damaged or made by a link, and those not seen to be sent
    timings_ms, vitals, transfers   as in visit.json; paint_ms is its paint

Times in ms count from the start of the navigation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.plan.codec import to_plain
from orchestrator.records.visit import to_json
from orchestrator.report.traces import account_to_plain, trace_to_plain
from orchestrator.report.words import duration_ms, summarise

FORMAT = 2
_OF_VISIT = ("run", "url", "node", "client", "cold", "status", "protocol", "error", "error_detail")
Since = Callable[[int], float]


def journey_to_plain(journey: Journey) -> dict[str, Any]:
    """The journey, ready for JSON."""
    record = to_json(journey.visit)

    def since(time_ns: int) -> float:
        return round((time_ns - journey.started_ns) / 1e6, 6)

    return {
        "format": FORMAT,
        **{key: record[key] for key in _OF_VISIT},
        "started": _moment(journey.started_ns),
        "ended": _moment(journey.ended_ns),
        "duration_ms": duration_ms(journey),
        "summary": summarise(journey),
        "warnings": list(journey.warnings),
        "in_force": list(journey.in_force),
        "timings_ms": record["timings_ms"],
        "paint_ms": record["paint"],
        "vitals": record["vitals"],
        "transfers": record["transfers"],
        "steps": [_step(step, since) for step in journey.steps],
        "critical": [
            {"name": s.name, "told": s.told, **_span(s.start_ns, s.end_ns, since)}
            for s in journey.critical
        ],
        "textbook": [{"within": None, **to_plain(entry)} for entry in journey.textbook],
        "traces": {name: trace_to_plain(trace) for name, trace in journey.traces.items()},
        "account": account_to_plain(journey.account),
    }


def _moment(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, 10**9)
    whole = datetime.fromtimestamp(seconds, UTC)
    return whole.replace(microsecond=rest // 1000).isoformat(timespec="microseconds")


def _span(start_ns: int, end_ns: int, since: Since) -> dict[str, float]:
    return {"start_ms": since(start_ns), "duration_ms": (end_ns - start_ns) / 1e6}


def _step(step: Step, since: Since) -> dict[str, Any]:
    proofs = [
        {"file": p.file, "number": p.number, "shows": p.shows, "says": p.says} for p in step.proofs
    ]
    return {
        "kind": step.kind,
        "title": step.title,
        "told": step.told,
        "nodes": list(step.nodes),
        **_span(step.start_ns, step.end_ns, since),
        "proofs": proofs,
        "details": to_plain(dict(step.details)),
        "saved": step.saved,
        "expected": step.expected,
        "as_expected": step.as_expected,
        "terms": list(step.terms),
    }
