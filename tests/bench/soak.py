"""Many faults in a row in one lab, and pairs of them at once; then the lab must be as before.

python -m tests.bench.soak COUNT SEED         a lab of its own
python -m tests.bench.soak COUNT SEED NAME    a lab that is up

Every third time two faults are put in force at once, and healed in the other order as often as in
the one they came in. What a lab refuses, because the first fault has what the second wants, is
told and counts as well. The same seed makes the same choices.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from orchestrator.drift import differences
from orchestrator.errors import FaultError, LabError
from orchestrator.faults.ledger import InForce
from orchestrator.shipped import shipped_topologies
from orchestrator.verbs.fault import heal, in_force, inject
from tests.bench.running import lab, no_lab_left
from tests.e2e.effects import Try
from tests.e2e.trying import Told, drawn, try_faults

NAME = "bench-soak"
_PAIR_EVERY = 3
_Drawn = tuple[str, Try]


def soak(name: str, count: int, seed: int) -> bool:
    """Whether all went well. A fault that does not is told, its rest healed, and the next tried."""
    dice, done, failures = random.Random(seed), list[Told](), 0
    started = time.monotonic()
    chosen = ((fault, tries[0]) for fault, tries in drawn(count, seed))
    for number, faults in enumerate(_grouped(chosen), start=1):
        try:
            told = _try_pair(name, faults, dice) if len(faults) > 1 else _try_one(name, *faults[0])
            done += told
        except (AssertionError, LabError) as error:
            failures += 1
            print(f"{number:4}  FAILED {_names(faults)}: {error}", flush=True)
            _heal_all(name)
        else:
            print(f"{number:4}  {told[0] if told else _names(faults) + ': together'}", flush=True)
    left = differences(name)
    _print_figures(done, time.monotonic() - started)
    print(f"{failures} failed; " + ("\n".join(left) if left else "the lab is as its plan says"))
    return not failures and not left


def _grouped(faults: Iterator[_Drawn]) -> Iterator[Sequence[_Drawn]]:
    """One by one, and every third time two."""
    for number, first in enumerate(faults, start=1):
        second = next(faults, None) if number % _PAIR_EVERY == 0 else None
        yield (first, second) if second is not None else (first,)


def _try_one(name: str, fault: str, tried: Try) -> list[Told]:
    return try_faults(name, [(fault, tried)])


def _try_pair(name: str, faults: Sequence[_Drawn], dice: random.Random) -> list[Told]:
    """Two at once, for which no effects are looked for: each hides some of the other's."""
    entries = list[InForce]()
    for fault, tried in faults:
        try:
            entry = inject(name, fault, tried.target, tried.options)
        except FaultError as error:
            if not entries:
                raise
            print(f"      refused: {fault} {tried.target}: {error.message}")
        else:
            entries.append(entry)
    if dice.random() < 0.5:
        entries.reverse()
    for entry in entries:
        heal(name, entry)
    assert in_force(name) == ()
    return []


def _heal_all(name: str) -> None:
    for entry in in_force(name)[::-1]:
        try:
            heal(name, entry)
        except LabError as error:
            print(f"      {entry} cannot be healed: {error}")


def _names(faults: Sequence[_Drawn]) -> str:
    return " and ".join(f"{fault} {tried.target}" for fault, tried in faults)


def _print_figures(done: Sequence[Told], took_s: float) -> None:
    by_fault: dict[str, list[Told]] = defaultdict(list)
    for told in done:
        by_fault[told.fault].append(told)
    print(f"\n{'fault':20} times  in force (ms)  healed (s), medians")
    for fault, times in sorted(by_fault.items()):
        inject_ms = statistics.median(told.inject_s for told in times) * 1000
        heal_s = statistics.median(told.heal_s for told in times)
        print(f"{fault:20} {len(times):5}  {inject_ms:13.0f}  {heal_s:10.1f}")
    print(f"\n{len(done)} by themselves, in {took_s:.0f} s with the pairs")


if __name__ == "__main__":
    COUNT, SEED, *GIVEN = sys.argv[1:]
    with nullcontext() if GIVEN else no_lab_left(NAME):
        if not GIVEN:
            lab("up", str(shipped_topologies() / "internet.yaml"), "--name", NAME)
        IS_WELL = soak(GIVEN[0] if GIVEN else NAME, int(COUNT), int(SEED))
    sys.exit(0 if IS_WELL else 1)
