"""Evidence → journey: what happened between the click and the page, each step with its proofs."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.evidence import Evidence
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import TELLERS
from orchestrator.analysis.story import Story


@dataclass(frozen=True)
class Journey:
    """What is told of a run.

    started_ns   the start of the navigation, since 1970-01-01 UTC
    ended_ns     the load event, or the last that was seen of a visit that failed
    steps        by the time at which they begin
    warnings     what makes the account less than whole: drops first, then what is missing
    """

    run: str
    url: str
    node: str
    started_ns: int
    ended_ns: int
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]


def tell_journey(evidence: Evidence) -> Journey:
    """The journey of a run, told by every teller of steps/."""
    story = Story(evidence)
    steps = [step for teller in TELLERS for step in teller.tell(story)]
    return Journey(
        run=evidence.visit.run,
        url=evidence.visit.url,
        node=evidence.visit.node,
        started_ns=story.started_ns,
        ended_ns=story.ended_ns,
        steps=tuple(sorted(steps, key=lambda step: step.start_ns)),
        warnings=tuple(_warnings(evidence)),
    )


def _warnings(evidence: Evidence) -> list[str]:
    dropped = f"{evidence.drops} packets were not captured: what follows may lack steps"
    return ([dropped] if evidence.drops else []) + list(evidence.missing)
