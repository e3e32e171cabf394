"""A visit under every fault there is, on each target that the tests know: how it ends.

python -m tests.bench.visits_under_faults CAPTURES [NAME]    in a lab that is up
"""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.errors import LabError
from tests.e2e.trying import EFFECTS
from tests.e2e.visiting import visit_under


def main(captures: Path, name: str) -> int:
    """Print a line per fault, target and kind of visit; the number of those that do not hold."""
    wrong = 0
    for fault, effect in sorted(EFFECTS.items()):
        for tried in effect.tries[:1]:
            for cold in (True, False):
                kind = "cold" if cold else "warm"
                try:
                    done = visit_under(name, fault, tried, captures, cold)
                except (LabError, AssertionError) as error:
                    print(f"{fault:20} {tried.target:24} {kind} FAILED: {error}", flush=True)
                    wrong += 1
                    continue
                print(f"{fault:20} {tried.target:24} {kind} {done.outcome}", flush=True)
                for violation in done.violations:
                    print(f"    {violation}", flush=True)
                wrong += bool(done.violations)
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), (sys.argv[2:] or ["internet"])[0]) else 0)
