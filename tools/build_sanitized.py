"""Build our C programs with AddressSanitizer and UndefinedBehaviorSanitizer, each under a folder at
the path where it lies in the repository.

    python -m tools.build_sanitized FOLDER

What is a library of other programs is left out: they would have to bring the sanitizers along.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hatch_build import COMPILE, PROGRAMS

# Undefined behaviour traps, and ASan tells where: gcc's runtimes cannot both report to a file
# (gcc.gnu.org/PR94328). At -O2 the traps of a function become one, of no use for finding the line.
SANITIZE = [*COMPILE, "-O1", "-Werror", "-g", "-fno-omit-frame-pointer"]
SANITIZE += ["-fsanitize=address,undefined", "-fsanitize-undefined-trap-on-error"]


def build_sanitized(folder: Path) -> None:
    """Raises CalledProcessError if one does not compile."""
    for pattern, program, options in PROGRAMS:
        if "-shared" in options:
            continue
        output = folder / program
        output.parent.mkdir(parents=True, exist_ok=True)
        sources = map(str, sorted(Path().glob(pattern)))
        subprocess.run([*SANITIZE, "-o", str(output), *sources, *options], check=True)


if __name__ == "__main__":
    build_sanitized(Path(sys.argv[1]))
