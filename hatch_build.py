"""Compile the C programs of the package, for wheels and for `pip install -e .` alike.

Clicklab has two kinds of work that Python is too slow for: to capture in every namespace, and to
be every impaired link. A third is to be loaded into other programs. Each has C files of its own.
To add one, add a line to `PROGRAMS` and its output to `.gitignore`.
"""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROGRAMS = [
    # (sources, the program they become, its libraries beside the C library)
    ("orchestrator/capture/*.c", "orchestrator/capture/capmux", ["-lpcap"]),
    ("orchestrator/runtime/wire/*.c", "orchestrator/runtime/wire/wire", ["-lm"]),
    (
        "orchestrator/faults/skewed_clock.c",
        "orchestrator/faults/skewed_clock.so",
        ["-shared", "-fPIC", "-fvisibility=hidden", "-nostdlib"],
    ),
]
# A warning hinders no install; `make lint` and `make test-sanitized` refuse it.
COMPILE = ["cc", "-O2", "-Wall", "-Wextra", "-std=gnu17", "-pthread"]
PACKAGES = "gcc libc6-dev linux-libc-dev libpcap-dev"
HINT = f"a C compiler and the headers are needed: apt-get install {PACKAGES}"


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the compiled programs into the wheel, which is then one for this machine's kind."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        for pattern, program, libraries in PROGRAMS:
            sources = sorted(Path(self.root).glob(pattern))
            self._compile(sources, Path(self.root, program), libraries)
            build_data["artifacts"].append(f"/{program}")
        build_data["pure_python"] = False
        # Any Python 3 runs the package; what was compiled are programs, and no extension modules.
        build_data["tag"] = f"py3-none-{_platform()}"

    def _compile(self, sources: list[Path], program: Path, libraries: list[str]) -> None:
        if program.exists() and program.stat().st_mtime > _changed_at(sources):
            return
        unfinished = program.with_suffix(".new")
        command = [*COMPILE, "-o", str(unfinished), *map(str, sources), *libraries]
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError:
            self.app.abort(f"no `cc` on this machine; {HINT}")
        except subprocess.CalledProcessError:
            self.app.abort(f"cannot compile {program.name}; {HINT}")
        # Renamed into place: what is running keeps the program it started with.
        unfinished.replace(program)


def _platform() -> str:
    """This machine's kind as wheels name it, such as linux_x86_64 (PEP 425)."""
    return re.sub(r"[-.\s]", "_", sysconfig.get_platform())


def _changed_at(sources: list[Path]) -> float:
    """When a source, or a header beside it, was last written."""
    headers = [
        header for folder in {file.parent for file in sources} for header in folder.glob("*.h")
    ]
    return max(file.stat().st_mtime for file in [*sources, *headers])
