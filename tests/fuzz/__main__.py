"""python -m tests.fuzz KIND COUNT SEED [--from FIRST]: exits 1 if anything was found."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.trying import Finding, known_kinds, try_inputs

_AT_ONCE = 250
_SHOWN = 20


def main() -> int:
    """Try them on all processors, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("kind", choices=["all", *known_kinds()])
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--from", dest="first", type=int, default=0)
    asked = parser.parse_args()
    kinds = known_kinds() if asked.kind == "all" else [asked.kind]
    return max(_try(kind, asked.count, asked.seed, asked.first) for kind in kinds)


def _try(kind: str, count: int, seed: int, first: int) -> int:
    began_s = time.monotonic()
    starts = range(first, first + count, _AT_ONCE)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(_some, kind, min(_AT_ONCE, first + count - start), seed, start)
            for start in starts
        ]
        findings = [finding for job in jobs for finding in job.result()]
    took_s = time.monotonic() - began_s
    print(f"{kind}: {count} inputs of seed {seed} in {took_s:.0f} s: {len(findings)} findings")
    _print(kind, seed, findings)
    return 1 if findings else 0


def _some(kind: str, count: int, seed: int, first: int) -> list[Finding]:
    return list(try_inputs(kind, count, seed, first))


def _print(kind: str, seed: int, findings: Iterable[Finding]) -> None:
    """Each that is another one than those before: the last lines of a traceback tell."""
    seen: set[str] = set()
    for finding in findings:
        lines = finding.said.strip().splitlines()
        place = "\n".join(lines[-4:-1]) or lines[-1]
        if place not in seen and len(seen) < _SHOWN:
            print(f"\npython -m tests.fuzz {kind} 1 {seed} --from {finding.number}")
            print("\n".join(lines[-14:]))
        seen.add(place)


if __name__ == "__main__":
    sys.exit(main())
