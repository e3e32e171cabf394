"""What `make lint` asks of our C programs: gcc's analyzer finds nothing in them, and no two of
their files need each other.

    python -m tools.lint_c

A unit is a .c file with its header. It needs another one if it includes its header, or if its
object refers to a symbol of the other's (nm(1)); along these needs nobody may come back to where
they started.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory

from hatch_build import COMPILE, PROGRAMS

ANALYZE = ["gcc", *COMPILE[1:], "-Werror", "-fanalyzer"]


def compile_each(sources: Iterable[Path], folder: Path, command: list[str]) -> bool:
    """An object `folder`/NAME.o of every source. False if the compiler complained, on stderr."""

    def compile_one(source: Path) -> bool:
        object_file = folder / f"{source.stem}.o"
        return subprocess.run([*command, "-c", source, "-o", object_file]).returncode == 0

    with ThreadPoolExecutor(2) as pool:
        return all(list(pool.map(compile_one, sources)))


def units_needed(files: Iterable[Path], objects: Iterable[Path]) -> dict[str, set[str]]:
    """Unit → the units of the same program that it needs, by name without suffix."""
    needed = included(files)
    symbols = {file.stem: symbols_of(file) for file in objects}
    owners = {symbol: unit for unit, (defined, _) in symbols.items() for symbol in defined}
    for unit, (_, undefined) in symbols.items():
        needed[unit] |= {owners[symbol] for symbol in undefined & owners.keys()}
    return needed


def included(files: Iterable[Path]) -> dict[str, set[str]]:
    """Unit → the units whose headers it includes."""
    found: dict[str, set[str]] = {}
    for file in files:
        names = re.findall(r'^#include "(.*)\.h"', file.read_text(), re.MULTILINE)
        found.setdefault(file.stem, set()).update(name for name in names if name != file.stem)
    return found


def symbols_of(object_file: Path) -> tuple[set[str], set[str]]:
    """What an object defines for others, and what it wants of others."""
    argv = ["nm", "--extern-only", "--format=posix", str(object_file)]
    lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    kinds = dict(line.split()[:2] for line in lines)
    undefined = {name for name, kind in kinds.items() if kind in "Uvw"}
    return kinds.keys() - undefined, undefined


def find_circle(needed: Mapping[str, set[str]]) -> list[str]:
    """Units that need each other in turn, the first one again at the end; empty if none do."""
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        return [str(unit) for unit in reversed(error.args[1])]
    return []


def lint_program(pattern: str, program: str) -> bool:
    """Whether there is nothing to say of a program."""
    sources = sorted(Path().glob(pattern))
    headers = {header for source in sources for header in source.parent.glob("*.h")}
    with TemporaryDirectory() as folder:
        is_clean = compile_each(sources, Path(folder), ANALYZE)
        circle = find_circle(units_needed([*sources, *headers], Path(folder).glob("*.o")))
    if circle:
        print(f"{program}: files that need each other: {' → '.join(circle)}", file=sys.stderr)
    return is_clean and not circle


def main() -> int:
    """The exit code: 0 if there is nothing to say."""
    clean = [lint_program(pattern, program) for pattern, program, _ in PROGRAMS]
    return int(not all(clean))


if __name__ == "__main__":
    sys.exit(main())
