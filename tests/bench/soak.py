"""Many faults in a row in one lab, a visit under each, and pairs of them at once; after each heal
the lab must be as before, and what is told of each visit must hold.

python -m tests.bench.soak COUNT SEED         a lab of its own
python -m tests.bench.soak COUNT SEED NAME    a lab that is up

Every third time two faults are put in force at once, and healed in the other order as often as in
the one they came in. What a lab refuses, because the first fault has what the second wants, is
told and counts as well. Visits are cold and warm in turn, by Chromium or curl. The same seed makes
the same choices. Ctrl-C ends it after what it does just now is healed.

What fails is told with the seed, its number and its fault; the runs of visits that were told
falsely stay in captures/soak/SEED.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.drift import differences
from orchestrator.errors import FaultError, LabError
from orchestrator.records.in_force import InForce
from orchestrator.shipped import shipped_topologies
from orchestrator.verbs.fault import await_as_before, heal, in_force, inject
from tests.bench.running import lab, no_lab_left
from tests.e2e.effects import Try
from tests.e2e.trying import Told, drawn, try_faults
from tests.e2e.visiting import request_under, visit_and_check

NAME = "bench-soak"
_PAIR_EVERY = 3
_PATHS = ("/", *(f"/product/{number}" for number in range(1, 10)))
_Drawn = tuple[str, Try]


@dataclass
class Soak:
    """A lab, what is chosen for it, and what came of it so far."""

    name: str
    seed: int
    dice: random.Random
    captures: Path
    done: list[Told] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    number: int = 0

    def attempt(self, faults: Sequence[_Drawn]) -> None:
        """One fault, or two at once. What goes wrong is told, and all healed."""
        self.number += 1
        try:
            told = self._pair(faults) if len(faults) > 1 else self._one(faults[0])
        except Exception as error:
            self.failures += 1
            print(f"FAILED seed {self.seed}, number {self.number}, {_names(faults)}: {error}")
            if not isinstance(error, AssertionError | LabError):
                traceback.print_exc()
            _heal_all(self.name)
        else:
            print(f"{self.number:4}  {told}", flush=True)

    def _one(self, chosen: _Drawn) -> str:
        ended = list[str]()
        told = try_faults(self.name, [chosen], lambda _, tried: ended.append(self._visit(tried)))
        self.done += told
        return f"{told[0]}, {ended[0]}"

    def _pair(self, faults: Sequence[_Drawn]) -> str:
        """Two at once, for which no effects are looked for: each hides some of the other's."""
        entries = list[InForce]()
        for fault, tried in faults:
            try:
                entry = inject(self.name, fault, tried.target, tried.options)
            except FaultError as error:
                if not entries:
                    raise
                print(f"      refused: {fault} {tried.target}: {error.message}")
            else:
                entries.append(entry)
        ended = self._visit(self.dice.choice(faults)[1])
        if self.dice.random() < 0.5:
            entries.reverse()
        for entry in entries:
            heal(self.name, entry, check=False)
        await_as_before(self.name)
        assert in_force(self.name) == ()
        return f"{_names(faults)}: together, {ended}"

    def _visit(self, tried: Try) -> str:
        """How a visit ended. Raises AssertionError where a sentence of its journey is false."""
        cold, client = self.number % 2 == 1, self.dice.choice(("chromium", "curl"))
        path = self.dice.choice(_PATHS)
        request = request_under(tried, cold=cold, client=client, path=path)
        visited = visit_and_check(self.name, request, self.captures)
        called = f"{'cold' if cold else 'warm'} visit of {tried.visitor} by {client}"
        false = "\n      ".join(visited.violations)
        assert not false, f"{called}, {visited.folder}:\n      {false}"
        if visited.folder:
            shutil.rmtree(visited.folder)
        self.outcomes[visited.outcome] += 1
        return f"{called}: {visited.outcome}"


def soak(name: str, count: int, seed: int) -> bool:
    """Whether all went well, as far as it went before it was interrupted."""
    running = Soak(name, seed, random.Random(seed), Path("captures", "soak", str(seed)))
    running.captures.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    chosen = ((fault, tries[0]) for fault, tries in drawn(count, seed))
    try:
        for faults in _grouped(chosen):
            running.attempt(faults)
    except KeyboardInterrupt:
        print(f"\ninterrupted at number {running.number}", flush=True)
        _heal_all(name)
    left = differences(name)
    _print_figures(running, time.monotonic() - started)
    how = "\n".join(left) if left else "the lab is as its plan says"
    print(f"{running.failures} failed; {how}", flush=True)
    return not running.failures and not left


def _grouped(faults: Iterator[_Drawn]) -> Iterator[Sequence[_Drawn]]:
    """One by one, and every third time two."""
    for number, first in enumerate(faults, start=1):
        second = next(faults, None) if number % _PAIR_EVERY == 0 else None
        yield (first, second) if second is not None else (first,)


def _heal_all(name: str) -> None:
    for entry in in_force(name)[::-1]:
        try:
            heal(name, entry)
        except LabError as error:
            print(f"      {entry} cannot be healed: {error}")


def _names(faults: Sequence[_Drawn]) -> str:
    return " and ".join(f"{fault} {tried.target}" for fault, tried in faults)


def _print_figures(running: Soak, took_s: float) -> None:
    by_fault: dict[str, list[Told]] = defaultdict(list)
    for told in running.done:
        by_fault[told.fault].append(told)
    print(f"\n{'fault':20} times  in force (ms)  healed (s), medians")
    for fault, times in sorted(by_fault.items()):
        inject_ms = statistics.median(told.inject_s for told in times) * 1000
        heal_s = statistics.median(told.heal_s for told in times)
        print(f"{fault:20} {len(times):5}  {inject_ms:13.0f}  {heal_s:10.1f}")
    ends = ", ".join(f"{times} × {outcome}" for outcome, times in running.outcomes.most_common())
    print(f"\nvisits: {ends}")
    print(f"{len(running.done)} by themselves, in {took_s:.0f} s with the pairs")


if __name__ == "__main__":
    COUNT, SEED, *GIVEN = sys.argv[1:]
    with nullcontext() if GIVEN else no_lab_left(NAME):
        if not GIVEN:
            lab("up", str(shipped_topologies() / "internet.yaml"), "--name", NAME)
        IS_WELL = soak(GIVEN[0] if GIVEN else NAME, int(COUNT), int(SEED))
    sys.exit(0 if IS_WELL else 1)
