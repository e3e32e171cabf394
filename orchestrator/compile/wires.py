"""What each link does to frames: distance first, then its profile, then what is written.

Light in fibre takes two thirds of its speed in vacuum (ITU-T G.652: a group index of 1.47), and a
cable is taken to follow the great circle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from orchestrator.compile.draft import Draft, Machine, distance_between
from orchestrator.plan.impairment import (
    CLEAR,
    Bernoulli,
    GilbertElliott,
    Impairment,
    Loss,
    Nth,
    Queue,
)
from orchestrator.spec.document import Path
from orchestrator.spec.problems import Mistake, did_you_mean
from orchestrator.spec.profiles import PROFILES
from orchestrator.spec.wires import BurstSpec, DirectionSpec, WireSpec

FIBRE_KM_PER_MS = 299.792458 * 2 / 3
ETHERNET_HEADER = 14  # octets around a packet that a rate counts as well


def set_wires(draft: Draft) -> None:
    """Give every link its delay, and those that the topology says more of the rest."""
    _collect_named(draft)
    for name, link in draft.links.items():
        a, b = (draft.machines.get(n) or draft.switches[n] for n in (link.a.node, link.b.node))
        start = CLEAR.changed(delay_ms=_distance_ms(a, b))
        ab, ba, mtu = start, start, link.mtu
        for spec, path in draft.wires[name]:
            mtu = spec.mtu or mtu
            ab, ba = shape(spec, "there", ab), shape(spec, "back", ba)
            for impairment in (ab, ba):
                _refuse_nonsense(draft, impairment, mtu, path)
        draft.links[name] = replace(link, ab=ab, ba=ba, mtu=mtu)


def _distance_ms(a: Machine, b: Machine) -> float:
    """Microseconds are as exact as places are."""
    return round(distance_between(a, b) / FIBRE_KM_PER_MS, 3)


def _collect_named(draft: Draft) -> None:
    for name, spec in draft.topology.wires.items():
        if name in draft.links:
            draft.wires[name].append((spec, ("wires", name)))
        else:
            hint = did_you_mean(name, draft.links) or "see 'lab plan' for the links there are"
            draft.report(f"there is no link '{name}'", "wires", name, hint=hint, at_key=True)


def shape(
    spec: WireSpec, direction: Literal["there", "back"], impairment: Impairment
) -> Impairment:
    """An impairment with a profile, then both directions' settings, then its own laid over it."""
    if spec.profile is not None:
        profile = PROFILES[spec.profile]
        impairment = impairment.changed(
            delay_ms=impairment.delay_ms + profile.delay_ms,
            jitter_ms=profile.jitter_ms,
            rate_bps=profile.down_bps if direction == "there" else profile.up_bps,
        )
    impairment = overlay(spec, impairment)
    own = getattr(spec, direction)
    return overlay(own, impairment) if own else impairment


def overlay(spec: DirectionSpec, impairment: Impairment) -> Impairment:
    """An impairment with what is written changed, and all else as it was."""
    plain: dict[str, Any] = {
        "delay_ms": spec.delay,
        "jitter_ms": spec.jitter,
        "distribution": spec.distribution,
        "correlation": spec.correlation,
        "reorder": spec.reorder,
        "duplicate": spec.duplicate,
        "corrupt": spec.corrupt,
        "loss": _loss(spec),
        "queue": Queue(*spec.queue) if spec.queue else None,  # type: ignore[arg-type]
    }
    changes = {field: value for field, value in plain.items() if value is not None}
    if spec.rate is not None:
        changes["rate_bps"] = None if spec.rate == "unlimited" else spec.rate
    return impairment.changed(**changes)


def _loss(spec: DirectionSpec) -> Loss | None:
    if spec.nth is not None:
        return Nth(spec.nth)
    if isinstance(spec.loss, BurstSpec):
        return GilbertElliott(spec.loss.p, spec.loss.r, spec.loss.good, spec.loss.bad)
    if spec.loss is None:
        return None
    return Bernoulli(spec.loss) if spec.loss else CLEAR.loss


def _refuse_nonsense(draft: Draft, impairment: Impairment, mtu: int, path: Path) -> None:
    try:
        check_impairment(impairment, mtu)
    except Mistake as mistake:
        draft.report(str(mistake), *path, hint=mistake.hint)


def check_impairment(impairment: Impairment, mtu: int) -> None:
    """Raise Mistake where the parts of an impairment cannot go together on a link."""
    frame = mtu + ETHERNET_HEADER
    if impairment.jitter_ms > impairment.delay_ms:
        message = f"jitter of {impairment.jitter_ms:g} ms around {impairment.delay_ms:g} ms"
        raise Mistake(f"{message} would deliver before sending", "at most the delay")
    if impairment.rate_bps is not None and impairment.rate_bps < 8 * frame:
        message = f"a rate of {impairment.rate_bps} bit/s takes over a second for one frame"
        raise Mistake(message, f"at least {8 * frame} bit/s with an MTU of {mtu}")
    if impairment.queue.counted == "bytes" and impairment.queue.length < frame:
        message = f"a queue of {impairment.queue.length} bytes holds no whole frame"
        raise Mistake(message, f"at least {frame} bytes with an MTU of {mtu}")
