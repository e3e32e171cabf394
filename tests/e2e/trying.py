"""One fault after the other: in force, its effect seen, healed, the lab as before."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import docker

from orchestrator.faults import FAULTS
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.polling import wait_for
from orchestrator.verbs.fault import heal, in_force, inject
from tests.e2e import effects_network, effects_services
from tests.e2e.effects import Effect, Try, Witness

EFFECTS: Mapping[str, Effect] = {**effects_network.EFFECTS, **effects_services.EFFECTS}
_SEEN_WITHIN_S = 15.0


@dataclass(frozen=True)
class Told:
    """How long one fault took: until it was in force, until its effect was seen, and to heal.

    What passes by itself is healed when it is in force.
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


def drawn(count: int, seed: int) -> Iterator[tuple[str, Try]]:
    """Faults in random order, each once before any comes again, on a random one of its targets."""
    dice, waiting = random.Random(seed), list[str]()
    for _ in range(count):
        if not waiting:
            waiting = sorted(FAULTS)
            dice.shuffle(waiting)
        name = waiting.pop()
        yield name, dice.choice(EFFECTS[name].tries)


def try_fault(lab: str, name: str, tried: Try) -> Told:
    """Inject, see, heal; healing compares the lab with its plan. Raises AssertionError where the
    effect is there before, or is not there when it should be; FaultError as inject and heal do."""
    effect, witness = EFFECTS[name], Witness(docker.from_env(), LabState(lab).plan(), tried)
    assert not effect.seen(witness), f"{name} {tried.target}: its effect is there without it"
    started = time.monotonic()
    entry = inject(lab, name, tried.target, tried.options)
    injected = time.monotonic()
    try:
        is_seen = wait_for(lambda: effect.seen(witness), _SEEN_WITHIN_S, every_s=0.05)
        assert is_seen, f"{entry} is in force, but its effect is not seen"
        seen = time.monotonic()
    finally:
        heal(lab, entry)
    assert in_force(lab) == ()
    return Told(name, entry.target, injected - started, seen - injected, time.monotonic() - seen)
