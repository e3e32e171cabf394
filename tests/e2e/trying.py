"""Faults in force, each seen by its effect, and healed; the lab as before."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import docker

from orchestrator.errors import FaultError
from orchestrator.faults import FAULTS
from orchestrator.faults.asked import find_target, read_options
from orchestrator.faults.scene import open_scene
from orchestrator.records.in_force import InForce
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.polling import wait_for
from orchestrator.verbs.fault import await_as_before, heal, in_force, inject
from tests.e2e import effects_network, effects_services
from tests.e2e.effects import Effect, Try, Witness

EFFECTS: Mapping[str, Effect] = {**effects_network.EFFECTS, **effects_services.EFFECTS}
_SEEN_WITHIN_S = 15.0


@dataclass(frozen=True)
class Told:
    """How long one fault took: until it was in force, until its effect was seen, and until the lab
    was as before, with all that was in force beside it.
    """

    fault: str
    target: str
    inject_s: float
    effect_s: float
    heal_s: float

    def __str__(self) -> str:
        return (
            f"{self.fault:18} {self.target:26} in force {self.inject_s * 1000:6.0f} ms, "
            f"effect {self.effect_s * 1000:6.0f} ms later, healed in {self.heal_s:5.1f} s"
        )


def drawn(count: int, seed: int) -> Iterator[tuple[str, list[Try]]]:
    """Faults in random order, each once before any comes again; with its targets, in such too."""
    dice, waiting = random.Random(seed), list[str]()
    for _ in range(count):
        if not waiting:
            waiting = sorted(FAULTS)
            dice.shuffle(waiting)
        name = waiting.pop()
        tries = EFFECTS[name].tries
        yield name, dice.sample(tries, len(tries))


def _look_no_further(name: str, tried: Try) -> None:
    pass


def try_faults(
    lab: str,
    batch: Sequence[tuple[str, Try]],
    meanwhile: Callable[[str, Try], object] = _look_no_further,
) -> list[Told]:
    """Inject one after the other and see each; then heal all, and compare the lab with its plan.

    None may disturb another (together.py). ``meanwhile`` is done while a fault, and those of the
    batch before it, are in force. Raises AssertionError where an effect is there before
    its fault, or is not there when it should be; FaultError as inject and heal do.
    """
    told, entries = list[Told](), list[InForce]()
    try:
        # What passes by itself last: while others last, nobody waits for the lab after it.
        for name, tried in sorted(batch, key=lambda each: not FAULTS[each[0]].lasts):
            told.append(_see(lab, name, tried, entries))
            meanwhile(name, tried)
    finally:
        healed = time.monotonic()
        for entry in entries[::-1]:
            heal(lab, entry, check=False)
    await_as_before(lab)
    assert in_force(lab) == ()
    return [dataclasses.replace(each, heal_s=time.monotonic() - healed) for each in told]


def _see(lab: str, name: str, tried: Try, entries: list[InForce]) -> Told:
    """Put a fault in force, note it in ``entries``, and wait until its effect is seen."""
    effect, witness = EFFECTS[name], Witness(docker.from_env(), LabState(lab).plan(), tried)
    assert not effect.seen(witness), f"{name} {tried.target}: its effect is there without it"
    assert not _is_in_force(lab, name, tried), f"{name} {tried.target} is seen without being done"
    started = time.monotonic()
    entry = inject(lab, name, tried.target, tried.options)
    entries.append(entry)
    injected = time.monotonic()
    is_seen = wait_for(lambda: effect.seen(witness), _SEEN_WITHIN_S, every_s=0.05)
    assert is_seen, f"{entry} is in force, but its effect is not seen"
    return Told(name, entry.target, injected - started, time.monotonic() - injected, heal_s=0.0)


def _is_in_force(lab: str, name: str, tried: Try) -> bool:
    """Whether a fault that lasts would be taken for being in force now."""
    fault, scene = FAULTS[name], open_scene(docker.from_env(), LabState(lab))
    target = find_target(fault, scene.plan, tried.target)
    memo = fault.prepare(scene, target, read_options(fault, tried.options))
    try:
        return fault.lasts and not fault.seen(scene, memo)
    except FaultError:
        return False
