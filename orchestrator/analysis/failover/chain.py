"""How the routers got over a fault, step by step, and over its end: who noticed, who withdrew and
announced routes, whose kernel sent packets another way, and when questions were answered again.

Only what the capture, the routers' logs and the kernels' events show is told; a stage without a
trace is left out.
Routes are told of that lead to what the probes asked, or back to who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from orchestrator.analysis.failover.findings import ChainLink, FaultFinding
from orchestrator.analysis.failover.noticing import Sign, Traces, find_losses, find_returns
from orchestrator.analysis.failover.phases import Span, ending_of
from orchestrator.analysis.failover.rerouting import (
    MOST,
    Busy,
    Scene,
    tell_forwarding,
    tell_updates,
)
from orchestrator.plan.model import Plan
from orchestrator.records.study import FaultEvent, Sample


def tell_fault(scene: Scene, event: FaultEvent) -> FaultFinding:
    """What followed a fault, up to its healing, and what followed that."""
    name = f"{event.fault} of {event.target}"
    end_ns, ending = scene.trial.ended_ns + 1, ending_of(event)
    during = Span(event.begun_ns, ending.start_ns if ending else end_ns)
    injected = ChainLink("injected", _ms(event.in_force_ns, during), "", f"{name} is in force")
    chain = _tell(scene, event, during, injected, find_losses)
    if ending is None or event.heal_begun_ns is None:
        return FaultFinding(event, chain)
    later = (f.begun_ns for f in scene.trial.faults if f.begun_ns >= ending.start_ns)
    after = Span(ending.start_ns, min(later, default=end_ns))
    healed = ChainLink("injected", _ms(ending.end_ns, after), "", f"{name} is healed")
    return FaultFinding(event, chain, _tell(scene, event, after, healed, find_returns))


_FindSigns = Callable[[Traces, Span, Plan, str], list[Sign]]


def _tell(
    scene: Scene, event: FaultEvent, span: Span, first: ChainLink, find: _FindSigns
) -> tuple[ChainLink, ...]:
    """The links of a chain in the order of time; what comes after questions are answered again
    has no part in that."""
    restored = dict(_find_restored(scene, span))
    traces = Traces(scene.told, scene.noted, scene.trial.events)
    signs = find(traces, span, scene.plan, event.target)
    until_ns = {
        address: min(
            (_answered_ns(restored[p]) for p in names & set(restored)), default=span.end_ns
        )
        for address, names in scene.addresses.items()
    }
    start_ns = min((sign.time_ns for sign in signs), default=span.start_ns)
    busy = Busy(span.start_ns, start_ns, until_ns)
    links = [
        first,
        *(_tell_sign(sign, busy) for sign in signs[:MOST]),
        *tell_updates(scene, busy),
        *tell_forwarding(scene, busy),
        *(_tell_restored(scene, sample, busy) for sample in restored.values()),
    ]
    return tuple(sorted(links, key=lambda link: link.ms))


def _tell_sign(sign: Sign, busy: Busy) -> ChainLink:
    link = busy.link("detected", sign.time_ns, sign.node, sign.told, sign.frame, sign.event)
    return replace(link, log=sign.log)


def _find_restored(scene: Scene, span: Span) -> Iterator[tuple[str, Sample]]:
    """Each probe's first good question after the longest of its outages that ended in a span."""
    for probe in scene.trial.probes:
        ended = [o for o in scene.outages[probe.name] if o.sustained and span.holds(o.end_ns)]
        outage = max(ended, key=lambda outage: outage.ms, default=None)
        for sample in scene.trial.samples:
            if outage and sample.probe == probe.name and sample.sent_ns == outage.end_ns:
                yield probe.name, sample


def _answered_ns(sample: Sample) -> int:
    """When the answer was there. TCP asks again by itself: a question that was answered may have
    been sent long before packets passed."""
    return sample.sent_ns + round((sample.took_ms or 0) * 1e6)


def _tell_restored(scene: Scene, sample: Sample, busy: Busy) -> ChainLink:
    outages = scene.outages[sample.probe]
    outage_ms = next(o.ms for o in outages if o.end_ns == sample.sent_ns)
    told = (
        f"{sample.probe} is answered again: question {sample.sequence} is the first good one, "
        f"{outage_ms:.0f} ms after the first that failed"
    )
    source = next(p.source for p in scene.trial.probes if p.name == sample.probe)
    return busy.link("restored", _answered_ns(sample), source, told)


def _ms(time_ns: int, span: Span) -> float:
    return (time_ns - span.start_ns) / 1e6
