"""What a warm visit takes beside the page load that it measures; also of two trees, in turns.

    python -m tests.bench.visiting [LAB [OTHER-TREE]]

visits in a lab that runs, or in one of its own, with the code here and, where it is given, with
that in another folder: what a change saves, on whatever machine and beside whatever else it does.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.shipped import shipped_topologies
from tests.bench.figures import Figure, report
from tests.bench.running import LAB, lab, no_lab_left

SUBJECT, NAME = "visits", "bench-visits"
URL = "https://www.example.com/"
VISITS, BOUND_S = 9, 4.0
HERE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """Of one visit: seconds beside the page load, and of a processor. The latter are those of
    `lab`, capmux and tshark, which a browser and Docker's daemon do not count to."""

    beside_s: float
    processor_s: float


def cost(name: str, captures: Path, tree: Path) -> Cost:
    """One visit with the code in ``tree``; it is its own process, as a user's."""
    argv = [str(LAB), "visit", URL, "--json", "--name", name, "--captures", str(captures)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    used_s, started = _processor_s(), time.monotonic()
    said = subprocess.run(argv, env=environment, check=True, stdout=subprocess.PIPE).stdout
    taken = time.monotonic() - started
    load_s = float(json.loads(said)["timings_ms"]["load"]) / 1e3
    return Cost(taken - load_s, _processor_s() - used_s)


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(name: str, captures: Path, *others: Path) -> Iterator[Figure]:
    """The figures of lab ``name``, which runs and whose caches are warm."""
    trees = (HERE, *others)
    costs: dict[Path, list[Cost]] = {tree: [] for tree in trees}
    for _ in range(VISITS):
        for tree in trees:
            costs[tree].append(cost(name, captures, tree))
    for tree, found in costs.items():
        bound = BOUND_S if tree == HERE else None
        what = "warm visit" if tree == HERE else f"  the same in {tree.name}"
        beside_s = statistics.median(each.beside_s for each in found)
        processor_s = statistics.median(each.processor_s for each in found)
        yield Figure(f"{what}, beyond the page load", beside_s, "s", bound)
        yield Figure("  of a processor, without browser and Docker", processor_s, "s")


def _measure_in(name: str, others: list[str]) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as captures:
        lab("visit", URL, "--name", name, "--captures", captures)
        yield from measure(name, Path(captures), *map(Path, others))


def _measure_alone() -> Iterator[Figure]:
    with no_lab_left(NAME):
        lab("up", str(shipped_topologies() / "internet.yaml"), "--name", NAME)
        yield from _measure_in(NAME, [])


if __name__ == "__main__":
    name, *others = sys.argv[1:] or [""]
    sys.exit(report(SUBJECT, _measure_in(name, others) if name else _measure_alone()))
