"""Evidence → journey: what happened between the click and the page, each step with its proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.analysis.evidence import Evidence
from orchestrator.analysis.figures.textbook import Comparison, compare_with_textbook
from orchestrator.analysis.hops.trace import Account, Trace, account, trace_packets
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import TELLERS
from orchestrator.analysis.story import Story
from orchestrator.analysis.waits.critical import Segment, find_critical_path
from orchestrator.records.visit import Visit


@dataclass(frozen=True)
class Journey:
    """What is told of a run.

    started_ns   the start of the navigation, since 1970-01-01 UTC
    ended_ns     the load event, the end of its time, or the last that was seen of one that failed
    steps        by the time at which they begin
    critical     what the load event waited for, from the click on, without gaps
    traces       well-known packets followed hop by hop, by name
    in_force     what was broken on purpose meanwhile, a few words each: faults, changed links
    warnings     what makes the account less than whole: drops first, then what is missing
    account      the packets of the visit's connections, and how many were seen at every hop
    """

    visit: Visit
    started_ns: int
    ended_ns: int
    steps: tuple[Step, ...]
    critical: tuple[Segment, ...]
    traces: Mapping[str, Trace]
    textbook: tuple[Comparison, ...]
    warnings: tuple[str, ...]
    in_force: tuple[str, ...] = ()
    account: Account = field(default_factory=Account)


def tell_journey(evidence: Evidence) -> Journey:
    """The journey of a run, told by every teller of steps/."""
    story = Story(evidence)
    steps = [step for teller in TELLERS for step in teller.tell(story)]
    return Journey(
        visit=evidence.visit,
        started_ns=story.started_ns,
        ended_ns=story.ended_ns,
        steps=tuple(sorted(steps, key=lambda step: step.start_ns)),
        critical=find_critical_path(story),
        traces=trace_packets(story),
        textbook=compare_with_textbook(story),
        warnings=tuple(_warnings(evidence)),
        in_force=evidence.in_force,
        account=account(story),
    )


def _warnings(evidence: Evidence) -> list[str]:
    dropped = f"{evidence.drops} packets were not captured: what follows may lack steps"
    return ([dropped] if evidence.drops else []) + list(evidence.missing)
