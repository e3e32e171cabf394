"""What holds of every journey, whatever was broken while it was made.

time       no step, segment or figure ends before it begins; the visit itself neither
sums       the critical path has no gaps, begins with the click and ends with the visit
packets    each packet of the visit was matched, lost, a copy, damaged, or is not accounted for
distance   no answer comes sooner than light in a cable: a round trip takes one
proofs     each shows what it claims to, in the reader's own tools
end        a visit that failed has the browser's reason; one that did not has a status
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

from orchestrator.analysis.journey import Journey
from tests.proofs import unproved

# The clock of one machine, read by different programs.
_READ_APART_NS = 1_000_000
# What the SYN, or the link's own clock, may be early by (docs: links are exact to 0.2 ms).
_LEAST_TRIPS = 0.95


def violations(journey: Journey, folder: Path | None = None) -> list[str]:
    """What does not hold of a journey, a sentence each; proofs are opened in its ``folder``."""
    found = [*_times(journey), *_sums(journey), *_packets(journey), *_distance(journey)]
    found += _end(journey)
    if folder is not None:
        proofs = [proof for step in journey.steps for proof in step.proofs]
        found += [f"not proved: {proof}" for proof in unproved(folder, proofs)]
    return found


def _times(journey: Journey) -> Iterator[str]:
    if journey.ended_ns < journey.started_ns:
        yield f"the visit takes {(journey.ended_ns - journey.started_ns) / 1e6} ms"
    for step in journey.steps:
        if step.end_ns < step.start_ns:
            yield f"step '{step.title}' takes {step.duration_ms} ms"
        for name, value in step.details.items():
            if isinstance(value, (int, float)) and value < 0 and name.endswith("ms"):
                yield f"step '{step.title}': {name} is {value}"
    for name, value in dataclasses.asdict(journey.visit.timings_ms).items():
        if value is not None and value < 0:
            yield f"the record's {name} is {value} ms"
    starts = [step.start_ns for step in journey.steps]
    if starts != sorted(starts):
        yield "the steps are out of order"


def _sums(journey: Journey) -> Iterator[str]:
    path = journey.critical
    for segment in path:
        if segment.end_ns <= segment.start_ns:
            yield f"critical path: '{segment.name}' takes {segment.duration_ms} ms"
    for one, other in itertools.pairwise(path):
        if one.end_ns != other.start_ns:
            yield f"critical path: a gap between '{one.name}' and '{other.name}'"
    if path and path[0].start_ns != journey.started_ns:
        yield "critical path: it does not begin with the click"
    if path and journey.visit.error is None and path[-1].end_ns != journey.ended_ns:
        yield "critical path: it does not end with the visit"
    if path and path[-1].end_ns > journey.ended_ns + _READ_APART_NS:
        yield "critical path: it goes on after the visit"


def _packets(journey: Journey) -> Iterator[str]:
    """Whatever kinds there are: each field of the account but the whole is one of its parts."""
    parts = 0
    for field in dataclasses.fields(journey.account):
        value = getattr(journey.account, field.name)
        if field.name != "packets":
            parts += value if isinstance(value, int) else len(value)
    if parts != journey.account.packets:
        yield f"{journey.account.packets} packets, but {parts} are accounted for"


def _distance(journey: Journey) -> Iterator[str]:
    for comparison in journey.textbook:
        if comparison.measured < 0:
            yield f"textbook: {comparison.name} is {comparison.measured} {comparison.unit}"
        if comparison.unit == "RTT" and 0 <= comparison.measured < _LEAST_TRIPS:
            yield f"textbook: {comparison.name} takes {comparison.measured} round trips"


def _end(journey: Journey) -> Iterator[str]:
    visit = journey.visit
    if visit.error is None and visit.status is None:
        yield "the visit did not fail, and has no status"
    if visit.error is not None and not visit.error_detail:
        yield f"the visit failed ({visit.error}) without a reason"
    if visit.error is not None and visit.error != "http" and visit.timings_ms.load is not None:
        yield f"the visit failed ({visit.error}), and has a load event"
