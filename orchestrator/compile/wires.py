"""What each link does to frames: distance first, then its profile, then what is written.

Light in fibre takes two thirds of its speed in vacuum (ITU-T G.652: a group index of 1.47), and
cables are longer than the great circle between their ends: they follow coasts, roads and rails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from orchestrator.compile.draft import Draft, Machine, distance_between
from orchestrator.errors import Mistake
from orchestrator.plan.impairment import (
    CLEAR,
    Bernoulli,
    GilbertElliott,
    Impairment,
    Loss,
    Nth,
    Queue,
)
from orchestrator.plan.lookups import nearest_link
from orchestrator.plan.model import Link
from orchestrator.spec.document import Path
from orchestrator.spec.profiles import PROFILES
from orchestrator.spec.wires import BurstSpec, DirectionSpec, WireSpec

Direction = Literal["there", "back"]

FIBRE_KM_PER_MS = 299.792458 * 2 / 3
# How much longer a cable is than the great circle. ITU-T Y.1541 reckons with 1.5 up to 1,000 km and
# 1.25 far beyond; real round trips between continents have detours through other cities on top.
CABLE_FACTOR = 1.5
# The key of a wire in a relation or an exchange's member: whoever writes it buys the line, and is
# the first end of its link. Elsewhere the second end is the subscriber.
OF_THE_FIRST_END = "wire"
ETHERNET_HEADER = 14  # octets around a packet that a rate counts as well


def set_wires(draft: Draft) -> None:
    """Give every link its delay, and those that the topology says more of the rest."""
    _collect_named(draft)
    for name, link in draft.links.items():
        a, b = (draft.machines.get(n) or draft.switches[n] for n in (link.a.node, link.b.node))
        draft.links[name] = _shaped(draft, link, _distance_ms(a, b))


def _shaped(draft: Draft, link: Link, distance_ms: float) -> Link:
    """A link with all that is written of it laid over its distance, up to the first nonsense."""
    start = CLEAR.changed(delay_ms=distance_ms)
    link = replace(link, ab=start, ba=start)
    for spec, path in draft.wires[link.name]:
        down: Direction = "back" if path[-1] == OF_THE_FIRST_END else "there"
        ab = shape(spec, "there", link.ab, distance_ms, down)
        ba = shape(spec, "back", link.ba, distance_ms, down)
        link = replace(link, ab=ab, ba=ba, mtu=spec.mtu or link.mtu)
        if _refuse_nonsense(draft, link, spec, path):
            break
    return link


def _distance_ms(a: Machine, b: Machine) -> float:
    """Microseconds are as exact as places are."""
    return round(distance_between(a, b) * CABLE_FACTOR / FIBRE_KM_PER_MS, 3)


def _collect_named(draft: Draft) -> None:
    for name, spec in draft.topology.wires.items():
        if name in draft.links:
            draft.wires[name].append((spec, ("wires", name)))
        else:
            hint = nearest_link(name, draft.links) or "see 'lab plan' for the links there are"
            draft.report(f"there is no link '{name}'", "wires", name, hint=hint, at_key=True)


def shape(
    spec: WireSpec,
    direction: Direction,
    impairment: Impairment,
    distance_ms: float,
    down: Direction = "there",
) -> Impairment:
    """An impairment with a profile, then both directions' settings, then its own laid over it.

    ``down`` is the direction towards the subscriber of the profile.
    """
    if spec.profile is not None:
        profile = PROFILES[spec.profile]
        impairment = impairment.changed(
            delay_ms=distance_ms + profile.delay_ms,
            jitter_ms=profile.jitter_ms,
            rate_bps=profile.down_bps if direction == down else profile.up_bps,
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


def _refuse_nonsense(draft: Draft, link: Link, spec: WireSpec, path: Path) -> bool:
    """Report what of a link cannot be, where it is written; whether there was any."""
    found = False
    for direction, impairment in (("there", link.ab), ("back", link.ba)):
        own = getattr(spec, direction)
        for key, mistake in find_nonsense(impairment, link.mtu):
            found, is_own = True, own is not None and getattr(own, key) is not None
            where = (direction, key) if is_own else (key,)
            draft.report(str(mistake), *path, *where, hint=mistake.hint)
    return found


def find_nonsense(impairment: Impairment, mtu: int) -> Iterator[tuple[str, Mistake]]:
    """The keys of an impairment whose values cannot go with the others on a link, and why."""
    frame = mtu + ETHERNET_HEADER
    if impairment.jitter_ms > impairment.delay_ms:
        message = f"jitter of {impairment.jitter_ms:g} ms around {impairment.delay_ms:g} ms"
        yield "jitter", Mistake(f"{message} would deliver before sending", "at most the delay")
    if impairment.rate_bps is not None and impairment.rate_bps < 8 * frame:
        message = f"a rate of {impairment.rate_bps} bit/s takes over a second for one frame"
        yield "rate", Mistake(message, f"at least {8 * frame} bit/s with an MTU of {mtu}")
    if impairment.queue.counted == "bytes" and impairment.queue.length < frame:
        message = f"a queue of {impairment.queue.length} bytes holds no whole frame"
        yield "queue", Mistake(message, f"at least {frame} bytes with an MTU of {mtu}")
