"""From the samples of a probe to how long it was cut off.

An outage goes from the sending of the first question that failed to the sending of the first of
three good ones in a row (or of good ones up to the trial's end, where fewer are left). So it is
known to one interval of the probe, and a packet that is lost by chance makes an outage of one
interval and not a long one. A question that was skipped says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.analysis.failover.findings import Outage
from orchestrator.records.study import Sample

# So many good answers in a row are no chance.
SUSTAINED = 3


def find_outages(samples: Sequence[Sample], end_ns: int) -> tuple[Outage, ...]:
    """The outages of one probe; ``end_ns`` is when the trial ended."""
    asked = [sample for sample in samples if sample.failure != "skipped"]
    asked.sort(key=lambda sample: sample.sent_ns)
    return tuple(_outages(asked, end_ns))


def _outages(asked: Sequence[Sample], end_ns: int) -> Iterator[Outage]:
    place = 0
    while place < len(asked):
        if asked[place].good:
            place += 1
            continue
        over = next((n for n in range(place, len(asked)) if _is_sustained(asked, n)), len(asked))
        failed = sum(not sample.good for sample in asked[place:over])
        sustained = over < len(asked)
        until_ns = asked[over].sent_ns if sustained else end_ns
        yield Outage(asked[place].sent_ns, until_ns, failed, sustained)
        place = over


def _is_sustained(asked: Sequence[Sample], place: int) -> bool:
    """Whether a run of good ones begins here."""
    return all(sample.good for sample in asked[place : place + SUSTAINED])
